import { reflect } from '../tile.ts';
import { enlargeBicubic } from './bicubic.ts';
import { storeCounts, type Method, type MethodInput } from './method.ts';

/**
 * About the best that a single linear filter does on noisy frames: Gaussian smoothing, then bicubic enlargement. How wide is
 * best depends on the light: the session's own frames tell (`pipeline/assess/gaussianBaseline.ts`).
 */

/** input pixels, until the session has told its own; the best one for frames of few photons at half sampling */
export const GAUSSIAN_SIGMA = 1.8;
/** The kernel ends at this many sigma. */
const TRUNCATE = 4;

function gaussianKernel(sigma: number): Float32Array {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}

/** Smooths a grey image; borders are reflected. */
export function smoothGaussian(image: Float32Array, sizeX: number, sizeY: number, sigma: number): Float32Array {
  const kernel = gaussianKernel(sigma);
  const radius = kernel.length >> 1;
  const along = new Float32Array(image.length);
  const line = new Float32Array(sizeX + 2 * radius);
  for (let y = 0; y < sizeY; y++) {
    for (let i = 0; i < line.length; i++) line[i] = image[y * sizeX + reflect(i - radius, sizeX)];
    for (let x = 0; x < sizeX; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * line[x + k];
      along[y * sizeX + x] = sum;
    }
  }
  const smooth = new Float32Array(image.length);
  for (let y = 0; y < sizeY; y++) {
    const target = smooth.subarray(y * sizeX, (y + 1) * sizeX);
    for (let k = 0; k < kernel.length; k++) {
      const source = reflect(y + k - radius, sizeY) * sizeX;
      const weight = kernel[k];
      for (let x = 0; x < sizeX; x++) target[x] += weight * along[source + x];
    }
  }
  return smooth;
}

export function gaussianMethod(magnification: number): Method {
  return {
    magnification,
    async enhance(input: MethodInput) {
      if (input.samplesPerPixel !== 1) throw new Error('gaussian smooths grey frames only');
      const { sizeX, sizeY, gaussianSigma = GAUSSIAN_SIGMA } = input;
      const counts = Float32Array.from(input.planes[input.planes.length - 1]);
      const smooth = smoothGaussian(counts, sizeX, sizeY, gaussianSigma);
      return { data: storeCounts(enlargeBicubic(smooth, sizeX, sizeY, 1, magnification), input), tiles: 1 };
    },
  };
}
