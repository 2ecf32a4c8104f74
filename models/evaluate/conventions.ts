/**
 * PSNR and SSIM as various published codes compute them. One and the same prediction scores between 26.9 and 30.7 dB by
 * these conventions: a number without its convention means nothing.
 */

import type { Grey } from '../../pipeline/assess/grey.ts';
import { percentiles } from '../../pipeline/assess/percentile.ts';
import { fitted } from './affine.ts';
import { extremes, psnr } from './psnr.ts';
import { ssim } from './ssim.ts';

export interface Score {
  /** dB */
  readonly psnr: number;
  /** Absent where the convention has none. */
  readonly ssim?: number;
}

type Convention = (prediction: Grey, truth: Grey) => Score;

const CROPPED_BORDER = 4;

export const CONVENTIONS = {
  /** The truth's range, nothing fitted: an error of scale or offset counts. SSIM: Gaussian window. */
  range: (prediction, truth) => {
    const { range } = extremes(truth.data);
    return {
      psnr: psnr(prediction.data, truth.data, range),
      ssim: ssim(prediction, truth, { window: 'gaussian-11', range, sampleCovariance: false }),
    };
  },

  /** After the best scale and offset of the prediction; peak = the truth's range (CAREamics, DivNoising). */
  'si-psnr': (prediction, truth) => ({
    psnr: psnr(fitted(prediction.data, truth.data), truth.data, extremes(truth.data).range),
  }),

  /** BasicSR, Real-ESRGAN: both rounded to 8 bits (here: over the truth's range), 4 pixels cropped at each border. */
  'basicsr-u8': (prediction, truth) => {
    const { low, range } = extremes(truth.data);
    const [x, y] = [prediction, truth].map((picture) => cropped(to8Bits(picture, low, range), CROPPED_BORDER));
    return {
      psnr: psnr(x.data, y.data, 255),
      ssim: ssim(x, y, { window: 'gaussian-11', range: 255, sampleCovariance: false }),
    };
  },

  /** DL-SR (BioSR): each picture stretched to 0..1 on its own; SSIM with 7x7 and, as in that code, a range of 2. */
  biosr: (prediction, truth) => {
    const [x, y] = [prediction, truth].map(stretched);
    return {
      psnr: psnr(x.data, y.data, 1),
      ssim: ssim(x, y, { window: 'uniform-7', range: 2, sampleCovariance: true }),
    };
  },

  /** CARE as PSSR uses it: percentiles 0.1 and 99.9 of the truth, prediction fitted, range 1, 7x7. */
  'care-pssr': (prediction, truth) => {
    const [x, y] = careNormalised(prediction, truth, 0.1, 99.9);
    return {
      psnr: psnr(x.data, y.data, 1),
      ssim: ssim(x, y, { window: 'uniform-7', range: 1, sampleCovariance: true }),
    };
  },

  /** CSBDeep's defaults: percentiles 3 and 99.8 of the truth, prediction fitted, range 1, Gaussian window. */
  'care-3-998': (prediction, truth) => {
    const [x, y] = careNormalised(prediction, truth, 3, 99.8);
    return {
      psnr: psnr(x.data, y.data, 1),
      ssim: ssim(x, y, { window: 'gaussian-11', range: 1, sampleCovariance: false }),
    };
  },
} as const satisfies Record<string, Convention>;

export type ConventionId = keyof typeof CONVENTIONS;
export const CONVENTION_IDS = Object.keys(CONVENTIONS) as ConventionId[];

function to8Bits({ data, ...size }: Grey, low: number, range: number): Grey {
  return { ...size, data: data.map((value) => Math.round(Math.min(Math.max(((value - low) / range) * 255, 0), 255))) };
}

function cropped({ sizeX, sizeY, data }: Grey, border: number): Grey {
  const width = sizeX - 2 * border;
  const height = sizeY - 2 * border;
  const inner = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (y + border) * sizeX + border;
    inner.set(data.subarray(start, start + width), y * width);
  }
  return { sizeX: width, sizeY: height, data: inner };
}

function stretched({ data, ...size }: Grey): Grey {
  const { low, range } = extremes(data);
  return { ...size, data: data.map((value) => (value - low) / range) };
}

/** The truth between its percentiles; the prediction fitted to that by least squares. */
function careNormalised(prediction: Grey, truth: Grey, low: number, high: number): [Grey, Grey] {
  const [bottom, top] = percentiles(truth.data, [low, high]);
  const target = { ...truth, data: truth.data.map((value) => (value - bottom) / (top - bottom)) };
  return [{ ...prediction, data: fitted(prediction.data, target.data) }, target];
}
