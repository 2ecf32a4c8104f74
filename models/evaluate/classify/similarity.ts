import { Fourier2d } from '../../../pipeline/assess/fourier.ts';
import { frcCurve, ringSums } from '../../../pipeline/assess/frc.ts';
import { ssim } from '../ssim.ts';
import { luma, type Rgb } from './rgb.ts';

/** How much a restored picture looks like the original it was made from; says nothing of what is decided from it. */
export interface Similarity {
  /** dB over all three colours, peak 255. */
  readonly psnr: number;
  /** Of the luma: Gaussian window, range 255. */
  readonly ssim: number;
  /** Fourier ring correlation of the luma, -1..1 per ring; ring r is r / size cycles per pixel. */
  readonly frc: Float64Array;
}

/** The mean correlation in two bands of frequency. */
export interface FrcBands {
  /** Up to the limit of the low picture's samples. */
  readonly measured: number;
  /** Beyond it: what only a model can put there, and whether it is true. */
  readonly beyond: number;
}

/** Compares squares whose side is a power of two. */
export function createComparison(side: number): (restored: Rgb, original: Rgb) => Similarity {
  const fourier = new Fourier2d(side);
  return (restored, original) => {
    const [a, b] = [luma(restored), luma(original)];
    return {
      psnr: psnrOf(restored.data, original.data),
      ssim: ssim(a, b, { window: 'gaussian-11', range: 255, sampleCovariance: false }),
      frc: frcCurve(ringSums(a, b, fourier)),
    };
  };
}

export function frcBands(frc: Float64Array, magnification: number): FrcBands {
  const last = frc.length - 1;
  const limit = Math.round(last / magnification);
  const mean = (from: number, to: number): number =>
    frc.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
  return { measured: mean(1, limit + 1), beyond: mean(limit + 1, last + 1) };
}

function psnrOf(a: Uint8Array, b: Uint8Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i] - b[i]) ** 2;
  return 10 * Math.log10(255 ** 2 / (squares / a.length));
}
