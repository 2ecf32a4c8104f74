import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';
import { greyOfPlane, type Grey } from '../../../pipeline/assess/grey.ts';
import type { Exposure } from '../pair.ts';

/**
 * Richardson-Lucy deconvolution onto the output's samples: the classical way to sharpen beyond the optics, given its point
 * spread function (Gaussian, `sigma` in raw pixels) and the dark level (raw units). Raw sample k is output sample
 * magnification * k of the blurred estimate.
 */
export function richardsonLucy(
  { raw, magnification }: Exposure,
  sigma: number,
  dark: number,
  iterations: number,
): Grey {
  const measured = greyOfPlane(raw);
  const outputSigma = sigma * magnification;
  const sizeX = raw.sizeX * magnification;
  const sizeY = raw.sizeY * magnification;
  const blur = (data: Float32Array): Float32Array => gaussianBlur({ sizeX, sizeY, data }, outputSigma).data;

  const spread = (values: (i: number) => number): Float32Array => {
    const data = new Float32Array(sizeX * sizeY);
    for (let i = 0; i < measured.data.length; i++) {
      const x = (i % raw.sizeX) * magnification;
      const y = Math.floor(i / raw.sizeX) * magnification;
      data[y * sizeX + x] = values(i);
    }
    return data;
  };
  const at = (data: Float32Array, i: number): number =>
    data[Math.floor(i / raw.sizeX) * magnification * sizeX + (i % raw.sizeX) * magnification];

  const signal = measured.data.map((value) => Math.max(value - dark, 0));
  const sensitivity = blur(spread(() => 1));
  const mean = signal.reduce((sum, value) => sum + value, 0) / signal.length;
  let estimate = new Float32Array(sizeX * sizeY).fill(Math.max(mean, 1e-3));
  for (let iteration = 0; iteration < iterations; iteration++) {
    const predicted = blur(estimate);
    const correction = blur(spread((i) => signal[i] / Math.max(at(predicted, i), 1e-6)));
    estimate = estimate.map((value, i) => (value * correction[i]) / Math.max(sensitivity[i], 1e-6));
  }
  return { sizeX, sizeY, data: estimate.map((value) => value + dark) };
}
