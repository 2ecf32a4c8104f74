/** Parts and reductions of a plane, for looking at it from afar. Pure. */

import type { PixelArray, Plane } from '../frame.ts';

/** In pixels of the plane. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The part of `plane` that lies in `region`; the region is cut to the plane. */
export function crop(plane: Plane, region: Region): Plane {
  const { sizeX, sizeY, samplesPerPixel } = plane;
  const left = clamp(Math.floor(region.x), 0, sizeX - 1);
  const top = clamp(Math.floor(region.y), 0, sizeY - 1);
  const width = clamp(Math.floor(region.width), 1, sizeX - left);
  const height = clamp(Math.floor(region.height), 1, sizeY - top);
  const data = emptyLike(plane.data, width * height * samplesPerPixel);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * sizeX + left) * samplesPerPixel;
    data.set(plane.data.subarray(start, start + width * samplesPerPixel), y * width * samplesPerPixel);
  }
  return { ...plane, sizeX: width, sizeY: height, data };
}

/** Means over squares of `factor` x `factor` pixels (smaller at the right and lower edge); integers are rounded. */
export function reduce(plane: Plane, factor: number): Plane {
  if (factor <= 1) return plane;
  const { sizeX, sizeY, samplesPerPixel: samples, data } = plane;
  const width = Math.ceil(sizeX / factor);
  const height = Math.ceil(sizeY / factor);
  const sums = new Float64Array(width * height * samples);
  for (let y = 0; y < sizeY; y++) {
    const row = Math.floor(y / factor) * width;
    for (let x = 0; x < sizeX; x++) {
      const target = (row + Math.floor(x / factor)) * samples;
      for (let s = 0; s < samples; s++) sums[target + s]! += data[(y * sizeX + x) * samples + s]!;
    }
  }
  const reduced = emptyLike(data, sums.length);
  const round = data instanceof Float32Array ? (value: number) => value : Math.round;
  for (let y = 0; y < height; y++) {
    const rows = Math.min(factor, sizeY - y * factor);
    for (let x = 0; x < width; x++) {
      const pixels = rows * Math.min(factor, sizeX - x * factor);
      for (let s = 0; s < samples; s++) {
        const at = (y * width + x) * samples + s;
        reduced[at] = round(sums[at]! / pixels);
      }
    }
  }
  return { ...plane, sizeX: width, sizeY: height, data: reduced };
}

function emptyLike(data: PixelArray, length: number): PixelArray {
  return new (data.constructor as new (length: number) => PixelArray)(length);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
