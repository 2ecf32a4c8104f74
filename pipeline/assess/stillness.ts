import type { Grey } from './grey.ts';

/** Pixels along a side of a tile. */
const TILE = 16;
/** Frames of a still tile differ by noise alone; where they differ by this much more, it moves. */
const STILL = 1.7;

/** Which tiles of a picture held still from one frame to the next: 1 or 0 per pixel, and how many pixels are 1. */
export interface StillPixels {
  readonly mask: Uint8Array;
  readonly count: number;
}

/** Compares the difference of two frames with the noise in it (`frameNoise`), tile by tile. */
export function stillPixels(before: Grey, now: Grey, noise: Grey): StillPixels {
  const { sizeX, sizeY } = now;
  const mask = new Uint8Array(sizeX * sizeY);
  let count = 0;
  for (let top = 0; top < sizeY; top += TILE) {
    const bottom = Math.min(top + TILE, sizeY);
    for (let left = 0; left < sizeX; left += TILE) {
      const right = Math.min(left + TILE, sizeX);
      if (!holdsStill(before, now, noise, left, right, top, bottom)) continue;
      for (let y = top; y < bottom; y++) mask.fill(1, y * sizeX + left, y * sizeX + right);
      count += (bottom - top) * (right - left);
    }
  }
  return { mask, count };
}

function holdsStill(before: Grey, now: Grey, noise: Grey, left: number, right: number, top: number, bottom: number) {
  const { sizeX, sizeY } = now;
  const a = before.data;
  const b = now.data;
  const n = noise.data;
  let differences = 0;
  let noises = 0;
  for (let y = Math.max(top, 1); y < Math.min(bottom, sizeY - 1); y++) {
    for (let i = y * sizeX + left, end = y * sizeX + right; i < end; i++) {
      differences += (b[i] - a[i]) ** 2 / 2;
      noises += n[i] ** 2;
    }
  }
  return differences <= STILL * noises;
}

/** Mean squared difference of two pictures over the pixels that held still. */
export function stillDifference(a: Grey, b: Grey, { mask, count }: StillPixels): number {
  const left = a.data;
  const right = b.data;
  let sum = 0;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const difference = left[i] - right[i];
    sum += difference * difference;
  }
  return sum / count;
}

/** Mean square of the noise samples over the pixels that held still: the noise variance of one frame there. */
export function stillVariance({ sizeX, data }: Grey, { mask }: StillPixels): number {
  let sum = 0;
  let count = 0;
  for (let i = sizeX, end = data.length - sizeX; i < end; i++) {
    if (mask[i] === 0) continue;
    sum += data[i] * data[i];
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}
