import type { Grey } from './grey.ts';

/** Energy of the kernel [1 -2 1], twice: the difference of two frames has the noise of both. */
const NORM = Math.sqrt(12);

/**
 * A sample of the noise at every pixel, raw units, from two frames in a row: the second difference down the columns of the
 * difference of the frames, scaled to the variance of one frame's noise (of the pixel and its upper and lower neighbours,
 * weights 4, 1 and 1 of 6). What stands still cancels in the first difference; what moves is smooth against single rows and
 * nearly cancels in the second. Noise of different rows must be independent. 0 in the first and last row.
 */
export function frameNoise(before: Grey, now: Grey): Grey {
  const { sizeX, sizeY } = now;
  const a = before.data;
  const b = now.data;
  const data = new Float32Array(b.length);
  for (let i = sizeX, end = b.length - sizeX; i < end; i++) {
    const up = i - sizeX;
    const down = i + sizeX;
    data[i] = (b[up] - a[up] - 2 * (b[i] - a[i]) + b[down] - a[down]) / NORM;
  }
  return { sizeX, sizeY, data };
}
