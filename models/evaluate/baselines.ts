import { gaussianBlur } from '../../pipeline/assess/gaussianBlur.ts';
import { greyOfPlane, type Grey } from '../../pipeline/assess/grey.ts';
import { enlargeBicubic } from '../enhancer/bicubic.ts';
import { CONVENTIONS } from './conventions.ts';
import type { Exposure, Pair } from './pair.ts';

/** Raw pixels. */
const SIGMAS = [0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2] as const;
/** Pairs that the width is chosen on. */
const SWEPT_PAIRS = 30;

/** Cubic convolution, sample k of raw on sample magnification * k. */
export function bicubic({ raw, magnification }: Exposure): Grey {
  const { sizeX, sizeY, data } = greyOfPlane(raw);
  const larger = enlargeBicubic(data, sizeX, sizeY, 1, magnification);
  return { sizeX: sizeX * magnification, sizeY: sizeY * magnification, data: larger };
}

/** Bicubic, then a Gaussian of `sigma` raw pixels: a little better than the other way round, which lets more noise through. */
export function gaussian(exposure: Exposure, sigma: number): Grey {
  return gaussianBlur(bicubic(exposure), sigma * exposure.magnification);
}

/**
 * The single width (raw pixels) that scores best over all pairs by SI-PSNR: it is chosen with the truth in view, so the filter
 * is as good as it can be, and the models have no advantage over it.
 */
export function bestSigma(pairs: readonly Pair[]): number {
  const step = Math.max(1, Math.floor(pairs.length / SWEPT_PAIRS));
  const swept = pairs.filter((_, i) => i % step === 0);
  const scoreOf = (sigma: number): number =>
    swept.reduce((sum, pair) => sum + CONVENTIONS['si-psnr'](gaussian(pair, sigma), pair.truth).psnr, 0);
  let best = { sigma: SIGMAS[0] as number, score: -Infinity };
  for (const sigma of SIGMAS) {
    const score = scoreOf(sigma);
    if (score < best.score) break; // One maximum: past it, it only falls.
    best = { sigma, score };
  }
  return best.sigma;
}
