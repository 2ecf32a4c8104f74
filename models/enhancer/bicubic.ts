import { firstSampleAt } from '../../pipeline/registration.ts';
import { storeCounts, type Method, type MethodInput } from './method.ts';

/**
 * Cubic convolution (R. Keys, IEEE Trans. ASSP 29, 1981, a = -1/2) by a whole factor, registered as enhanced pictures are
 * (`pipeline/registration.ts`): of grey, sample k of the input lies on sample r k of the output, which is the geometry of a
 * detector that skips every other sample; of colour, the edges align. Borders are replicated.
 */

/** Weights of the four neighbours k-1, k, k+1, k+2 of a point at k + fraction. */
function keysWeights(fraction: number): [number, number, number, number] {
  const near = (d: number) => (1.5 * d - 2.5) * d * d + 1;
  const far = (d: number) => ((-0.5 * d + 2.5) * d - 4) * d + 2;
  return [far(1 + fraction), near(fraction), near(1 - fraction), far(2 - fraction)];
}

/**
 * Enlarges `rows` lines of `length` samples, `stride` apart, of which the neighbours in a line are `gap` apart:
 * a line (gap 1), interleaved colour (gap 3) or a column (gap sizeX). `first`: place of the first new sample.
 */
function enlargeAxis(
  from: Float32Array,
  length: number,
  factor: number,
  first: number,
  outer: number,
  inner: number,
): Float32Array<ArrayBuffer> {
  const into = new Float32Array(from.length * factor);
  for (let phase = 0; phase < factor; phase++) {
    const shift = phase / factor + first;
    const whole = Math.floor(shift);
    const [w0, w1, w2, w3] = keysWeights(shift - whole);
    for (let block = 0; block < outer; block++) {
      for (let k = 0; k < length; k++) {
        const base = block * length;
        const at = k + whole;
        const a = (base + Math.max(at - 1, 0)) * inner;
        const b = (base + Math.max(at, 0)) * inner;
        const c = (base + Math.min(at + 1, length - 1)) * inner;
        const d = (base + Math.min(at + 2, length - 1)) * inner;
        const target = (base * factor + k * factor + phase) * inner;
        for (let i = 0; i < inner; i++) {
          into[target + i] = w0 * from[a + i] + w1 * from[b + i] + w2 * from[c + i] + w3 * from[d + i];
        }
      }
    }
  }
  return into;
}

/** Enlarges an image of sizeX x sizeY pixels, samples interleaved, to `factor` times the size along x and y. */
export function enlargeBicubic(
  image: Float32Array,
  sizeX: number,
  sizeY: number,
  samplesPerPixel: 1 | 3,
  factor: number,
): Float32Array {
  if (factor === 1) return image;
  const first = firstSampleAt(samplesPerPixel, factor);
  const wide = enlargeAxis(image, sizeX, factor, first, sizeY, samplesPerPixel);
  return enlargeAxis(wide, sizeY, factor, first, 1, sizeX * factor * samplesPerPixel);
}

export function bicubicMethod(magnification: number): Method {
  return {
    magnification,
    async enhance(input: MethodInput) {
      const newest = Float32Array.from(input.planes[input.planes.length - 1]);
      const larger = enlargeBicubic(newest, input.sizeX, input.sizeY, input.samplesPerPixel, magnification);
      return { data: storeCounts(larger, input), tiles: 1 };
    },
  };
}
