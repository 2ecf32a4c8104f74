import { boxMean } from './boxMean.ts';
import type { Grey } from './grey.ts';
import { varianceAt, type VarianceModel } from './photonTransfer.ts';

const BOX_PIXELS = 9;
const FLAGGED_Z = 4;

/**
 * Z of the local residual between a reduced prediction and its own raw frame: residual over the noise that the prediction
 * implies, averaged over 9x9 pixels and scaled so that truth and white noise give a standard normal value. Noise that is
 * correlated along rows averages out more slowly: divided by sqrt((1 + rho) / (1 - rho)).
 */
export function residualMap(prediction: Grey, raw: Grey, noise: VarianceModel, rowCorrelation = 0): Grey {
  const { sizeX, sizeY } = raw;
  const predicted = prediction.data;
  const measured = raw.data;
  const residual = new Float32Array(measured.length);
  for (let i = 0; i < residual.length; i++) {
    residual[i] = (predicted[i] - measured[i]) / Math.sqrt(varianceAt(noise, predicted[i]));
  }
  const rho = Math.min(Math.max(rowCorrelation, 0), 0.9);
  const factor = BOX_PIXELS / Math.sqrt((1 + rho) / (1 - rho));
  const z = boxMean({ sizeX, sizeY, data: residual }, BOX_PIXELS).data;
  for (let i = 0; i < z.length; i++) z[i] *= factor;
  return { sizeX, sizeY, data: z };
}

/** Share (0..1) of pixels with |Z| > 4; of those whose 9x9 neighbourhood lies inside the picture. */
export function flaggedShare({ sizeX, sizeY, data }: Grey): number | undefined {
  const margin = (BOX_PIXELS - 1) / 2;
  let flagged = 0;
  let count = 0;
  for (let y = margin; y < sizeY - margin; y++) {
    for (let i = y * sizeX + margin, end = (y + 1) * sizeX - margin; i < end; i++) {
      if (Math.abs(data[i]) > FLAGGED_Z) flagged += 1;
      count += 1;
    }
  }
  return count > 0 ? flagged / count : undefined;
}
