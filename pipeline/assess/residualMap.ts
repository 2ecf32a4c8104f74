import { boxMean } from './boxMean.ts';
import type { Grey } from './grey.ts';
import { varianceAt, type VarianceModel } from './photonTransfer.ts';

const BOX_PIXELS = 9;
export const FLAGGED_Z = 4;

/**
 * Z of the local residual between a reduced prediction and its own raw frame: residual over the noise that the prediction
 * implies, averaged over 9x9 pixels and scaled so that truth and white noise give a standard normal value. Noise that is
 * correlated along rows averages out more slowly: divided by sqrt((1 + rho) / (1 - rho)).
 */
export function residualMap(prediction: Grey, raw: Grey, noise: VarianceModel, rowCorrelation = 0): Grey {
  const { sizeX, sizeY } = raw;
  const residual = raw.data.map((measured, i) => {
    const predicted = prediction.data[i];
    return (predicted - measured) / Math.sqrt(varianceAt(noise, predicted));
  });
  const rho = Math.min(Math.max(rowCorrelation, 0), 0.9);
  const factor = BOX_PIXELS / Math.sqrt((1 + rho) / (1 - rho));
  const z = boxMean({ sizeX, sizeY, data: residual }, BOX_PIXELS).data;
  for (let i = 0; i < z.length; i++) z[i] *= factor;
  return { sizeX, sizeY, data: z };
}

/** Share (0..1) of pixels with |Z| > 4. */
export function flaggedShare(z: Grey): number {
  let flagged = 0;
  for (let i = 0; i < z.data.length; i++) if (Math.abs(z.data[i]) > FLAGGED_Z) flagged += 1;
  return flagged / z.data.length;
}
