import { reflect } from '../tile.ts';
import { enlargeBicubic } from './bicubic.ts';
import { storeCounts, type Detector, type Method, type MethodInput } from './method.ts';

/**
 * The best that a single linear filter does on noisy frames: Gaussian smoothing, then bicubic enlargement. When the
 * detector's photon transfer is known, the noise is first made uniform by the generalised Anscombe transform
 * (M. Makitalo and A. Foi, IEEE Trans. Image Process. 22, 2013), and its exact unbiased inverse is taken afterwards.
 */

/** input pixels; the best one for frames of few photons at half sampling */
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

/** Counts to units in which the noise has a standard deviation of about 1. */
export function stabilise(counts: Float32Array, { offset, gain, readNoise }: Detector): Float32Array {
  const shift = 3 / 8 + readNoise ** 2;
  return counts.map((value) => 2 * Math.sqrt(Math.max((value - offset) / gain + shift, 0)));
}

/** Closed form of the exact unbiased inverse (equation 10 of the paper); values below the transform's floor are the offset. */
export function unstabilise(stabilised: Float32Array, { offset, gain, readNoise }: Detector): Float32Array {
  const root = Math.sqrt(3 / 2);
  const floor = 2 * Math.sqrt(3 / 8 + readNoise ** 2);
  return stabilised.map((value) => {
    const d = Math.max(value, floor);
    const electrons =
      (d * d) / 4 + root / (4 * d) - 11 / (8 * d * d) + (5 * root) / (8 * d ** 3) - 1 / 8 - readNoise ** 2;
    return Math.max(electrons, 0) * gain + offset;
  });
}

export function gaussianMethod(magnification: number): Method {
  return {
    magnification,
    async enhance(input: MethodInput) {
      if (input.samplesPerPixel !== 1) throw new Error('gaussian smooths grey frames only');
      const { sizeX, sizeY, detector } = input;
      const counts = Float32Array.from(input.planes[input.planes.length - 1]);
      const smooth = detector
        ? unstabilise(smoothGaussian(stabilise(counts, detector), sizeX, sizeY, GAUSSIAN_SIGMA), detector)
        : smoothGaussian(counts, sizeX, sizeY, GAUSSIAN_SIGMA);
      return { data: storeCounts(enlargeBicubic(smooth, sizeX, sizeY, 1, magnification), input), tiles: 1 };
    },
  };
}
