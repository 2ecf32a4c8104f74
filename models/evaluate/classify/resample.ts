import type { Rgb } from './rgb.ts';

/**
 * Resampling as Pillow does it, so that pictures made here and in training agree: pixel centres aligned, the filter widened
 * by the factor of reduction (which is what prevents aliasing), its weights normalised at the borders and held as whole
 * numbers of 2^-22, rounded to 8 bits after each direction, rows first. For squares the same as
 * Pillow bit for bit (of other shapes it may do the columns first).
 */

interface Filter {
  readonly support: number;
  weight(x: number): number;
}

const FILTERS = {
  /** Reduces without aliasing, enlarges bilinearly. */
  triangle: { support: 1, weight: (x) => Math.max(1 - Math.abs(x), 0) },
  /** Cubic convolution, a = -1/2 (Keys 1981). */
  bicubic: { support: 2, weight: cubic },
} as const satisfies Record<string, Filter>;

export type FilterName = keyof typeof FILTERS;

/** Weights are whole numbers of 2^-22: with 8 bits of a sample a sum just fits 32 bits. */
const WEIGHT_BITS = 22;
const HALF = 2 ** (WEIGHT_BITS - 1);

export function resampled(picture: Rgb, sizeX: number, sizeY: number, filter: FilterName): Rgb {
  const along = sizeX === picture.sizeX ? picture : resampledRows(picture, sizeX, FILTERS[filter]);
  return sizeY === picture.sizeY ? along : resampledColumns(along, sizeY, FILTERS[filter]);
}

/** Each pixel `factor` times each way. */
export function repeated({ sizeX, sizeY, data }: Rgb, factor: number): Rgb {
  const width = sizeX * factor;
  const result = new Uint8Array(width * sizeY * factor * 3);
  for (let i = 0; i < result.length; i++) {
    const pixel = Math.floor(i / 3);
    const y = Math.floor(Math.floor(pixel / width) / factor);
    const x = Math.floor((pixel % width) / factor);
    result[i] = data[3 * (y * sizeX + x) + (i % 3)];
  }
  return { sizeX: width, sizeY: sizeY * factor, data: result };
}

function resampledRows({ sizeX, sizeY, data }: Rgb, size: number, filter: Filter): Rgb {
  const result = new Uint8ClampedArray(size * sizeY * 3);
  const taps = tapsOf(sizeX, size, filter);
  let to = 0;
  for (let y = 0; y < sizeY; y++) {
    for (const { from, weights } of taps) {
      const start = 3 * (y * sizeX + from);
      let [red, green, blue] = [HALF, HALF, HALF];
      for (let k = 0; k < weights.length; k++) {
        const weight = weights[k];
        const at = start + 3 * k;
        red += weight * data[at];
        green += weight * data[at + 1];
        blue += weight * data[at + 2];
      }
      result[to++] = red >> WEIGHT_BITS;
      result[to++] = green >> WEIGHT_BITS;
      result[to++] = blue >> WEIGHT_BITS;
    }
  }
  return { sizeX: size, sizeY, data: new Uint8Array(result.buffer) };
}

function resampledColumns({ sizeX, sizeY, data }: Rgb, size: number, filter: Filter): Rgb {
  const width = 3 * sizeX;
  const result = new Uint8ClampedArray(width * size);
  const sums = new Int32Array(width);
  tapsOf(sizeY, size, filter).forEach(({ from, weights }, y) => {
    sums.fill(HALF);
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k];
      const start = (from + k) * width;
      for (let i = 0; i < width; i++) sums[i] += weight * data[start + i];
    }
    for (let i = 0; i < width; i++) result[y * width + i] = sums[i] >> WEIGHT_BITS;
  });
  return { sizeX, sizeY: size, data: new Uint8Array(result.buffer) };
}

/** For each output sample: the first input sample that counts, and the weights from there on. */
function tapsOf(before: number, after: number, { support, weight }: Filter) {
  const scale = before / after;
  const widened = Math.max(scale, 1);
  return Array.from({ length: after }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const from = Math.max(Math.floor(centre - support * widened + 0.5), 0);
    const to = Math.min(Math.floor(centre + support * widened + 0.5), before);
    const raw = Array.from({ length: to - from }, (_, k) => weight((from + k - centre + 0.5) / widened));
    const sum = raw.reduce((total, value) => total + value, 0);
    return { from, weights: Int32Array.from(raw, (value) => Math.round((value / sum) * 2 ** WEIGHT_BITS)) };
  });
}

function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}
