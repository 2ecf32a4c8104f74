import type { Grey } from '../../pipeline/assess/grey.ts';

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
  'gaussian-11': normalisedToOne(Float64Array.from({ length: 11 }, (_, k) => Math.exp(-0.5 * ((k - 5) / 1.5) ** 2))),
  'uniform-7': normalisedToOne(new Float64Array(7).fill(1)),
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

/** Separable filter at the positions where the window fits. */
function filterValid(value: (i: number) => number, sizeX: number, sizeY: number, kernel: Float64Array): Float64Array {
  const width = sizeX - kernel.length + 1;
  const height = sizeY - kernel.length + 1;
  const rows = new Float64Array(width * sizeY);
  const line = new Float64Array(sizeX);
  for (let y = 0; y < sizeY; y++) {
    for (let x = 0; x < sizeX; x++) line[x] = value(y * sizeX + x);
    for (let k = 0; k < kernel.length; k++) {
      for (let x = 0, i = y * width; x < width; x++, i++) rows[i] += kernel[k] * line[x + k];
    }
  }
  const result = new Float64Array(width * height);
  for (let k = 0; k < kernel.length; k++) {
    const from = k * width;
    for (let i = 0; i < result.length; i++) result[i] += kernel[k] * rows[i + from];
  }
  return result;
}

function normalisedToOne(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
