/**
 * Pixels whose prediction disagrees with raw beyond noise: |Z| > 4, where Z is the residual over the noise that the
 * prediction implies, averaged over 9 x 9 raw pixels and scaled so that truth and white noise give a standard normal value.
 */

import { storedIntensity, type Picture } from './picture.ts';
import type { MeasuredQuality } from '../../pipeline/frame.ts';

const BOX = 9;
const FLAGGED_Z = 4;

/** Noise variance of a pixel of intensity m, raw units: slope * m + intercept. */
export interface NoiseModel {
  readonly slope: number;
  readonly intercept: number;
  /** Lag-1 correlation of the noise along rows. */
  readonly rowCorrelation: number;
}

/** From the photon-transfer fit of the session; undefined until there is one. */
export function noiseModel(measured: MeasuredQuality | undefined): NoiseModel | undefined {
  if (!measured) return undefined;
  const { gain, readNoise, photonsMean, mean, rowCorrelation = 0 } = measured;
  if (gain === undefined || readNoise === undefined || photonsMean === undefined) return undefined;
  const offset = mean - photonsMean * gain;
  return { slope: gain, intercept: (readNoise * gain) ** 2 - gain * offset, rowCorrelation };
}

/** One byte a raw pixel: 1 where flagged. */
export function flaggedPixels(raw: Picture, enhanced: Picture, noise: NoiseModel): Uint8Array {
  const { sizeX, sizeY } = raw;
  const m = enhanced.magnification;
  // Summed-area table of the residuals, one row and column larger than the picture.
  const stride = sizeX + 1;
  const sums = new Float64Array(stride * (sizeY + 1));
  for (let y = 0; y < sizeY; y++) {
    let row = 0;
    for (let x = 0; x < sizeX; x++) {
      const predicted = storedIntensity(enhanced, y * m * enhanced.sizeX + x * m);
      const variance = Math.max(noise.slope * predicted + noise.intercept, 1e-6);
      row += (predicted - storedIntensity(raw, y * sizeX + x)) / Math.sqrt(variance);
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1]! + row;
    }
  }
  const rho = Math.min(Math.max(noise.rowCorrelation, 0), 0.9);
  const limit = FLAGGED_Z * BOX * Math.sqrt((1 + rho) / (1 - rho));
  const flags = new Uint8Array(sizeX * sizeY);
  const margin = (BOX - 1) / 2;
  for (let y = margin; y < sizeY - margin; y++) {
    for (let x = margin; x < sizeX - margin; x++) {
      const top = (y - margin) * stride;
      const bottom = (y + margin + 1) * stride;
      const left = x - margin;
      const right = x + margin + 1;
      const sum = sums[bottom + right]! - sums[top + right]! - sums[bottom + left]! + sums[top + left]!;
      if (Math.abs(sum) > limit) flags[y * sizeX + x] = 1;
    }
  }
  return flags;
}
