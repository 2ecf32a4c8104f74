import type { Grey } from '../../pipeline/assess/grey.ts';
import { filterValid, gaussianWindow, uniformWindow } from './filterValid.ts';

/**
 * Structural similarity (Wang et al., IEEE Trans. Image Process. 13, 2004), K1 = 0.01, K2 = 0.03, mean over the positions
 * where the window lies inside the picture.
 */
export interface SsimSettings {
  /** Gaussian of 11x11 with sigma 1.5, or 7x7 of equal weight. */
  readonly window: 'gaussian-11' | 'uniform-7';
  /** The dynamic range L. */
  readonly range: number;
  /** Covariance with n - 1: what scikit-image does by default with the uniform window. */
  readonly sampleCovariance: boolean;
}

const WINDOWS: Readonly<Record<SsimSettings['window'], Float64Array>> = {
  'gaussian-11': gaussianWindow(5, 1.5),
  'uniform-7': uniformWindow(7),
};

export function ssim(a: Grey, b: Grey, { window, range, sampleCovariance }: SsimSettings): number {
  const kernel = WINDOWS[window];
  const { sizeX, sizeY } = a;
  const filtered = (value: (i: number) => number): Float64Array => filterValid(value, sizeX, sizeY, kernel);
  const x = a.data;
  const y = b.data;
  const meanX = filtered((i) => x[i]);
  const meanY = filtered((i) => y[i]);
  const meanXX = filtered((i) => x[i] * x[i]);
  const meanYY = filtered((i) => y[i] * y[i]);
  const meanXY = filtered((i) => x[i] * y[i]);

  const pixels = kernel.length ** 2;
  const unbiased = sampleCovariance ? pixels / (pixels - 1) : 1;
  const c1 = (0.01 * range) ** 2;
  const c2 = (0.03 * range) ** 2;
  let sum = 0;
  for (let i = 0; i < meanX.length; i++) {
    const varianceX = unbiased * (meanXX[i] - meanX[i] ** 2);
    const varianceY = unbiased * (meanYY[i] - meanY[i] ** 2);
    const covariance = unbiased * (meanXY[i] - meanX[i] * meanY[i]);
    const luminance = (2 * meanX[i] * meanY[i] + c1) / (meanX[i] ** 2 + meanY[i] ** 2 + c1);
    sum += (luminance * (2 * covariance + c2)) / (varianceX + varianceY + c2);
  }
  return sum / meanX.length;
}
