/**
 * Numbers read from pictures along lines and inside regions. Positions are in raw samples, intensities in raw units.
 */

import { interpolatedIntensity, positionOf, sampleAt, storedIntensity, type Picture } from './picture.ts';
import type { Point } from './viewport.ts';

export type ShapeKind = 'rectangle' | 'ellipse' | 'profile' | 'distance';

/** Two corners of the box of a region, or two ends of a line. */
export interface Shape {
  readonly id: number;
  readonly kind: ShapeKind;
  readonly from: Point;
  readonly to: Point;
}

export interface RegionStatistics {
  readonly pixels: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
}

/** Statistics of the samples whose centres lie in a rectangle or ellipse. Undefined when there are none. */
export function regionStatistics(picture: Picture, shape: Shape): RegionStatistics | undefined {
  const left = Math.min(shape.from.x, shape.to.x);
  const right = Math.max(shape.from.x, shape.to.x);
  const top = Math.min(shape.from.y, shape.to.y);
  const bottom = Math.max(shape.from.y, shape.to.y);
  const centre = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const radius = { x: Math.max((right - left) / 2, 1e-9), y: Math.max((bottom - top) / 2, 1e-9) };
  let pixels = 0;
  let sum = 0;
  let squares = 0;
  let min = Infinity;
  let max = -Infinity;
  const rows = samplesBetween(picture, top, bottom, picture.sizeY);
  const columns = samplesBetween(picture, left, right, picture.sizeX);
  for (let j = rows.first; j <= rows.last; j++) {
    for (let i = columns.first; i <= columns.last; i++) {
      const [x, y] = [positionOf(picture, i), positionOf(picture, j)];
      const inside =
        shape.kind !== 'ellipse' || ((x - centre.x) / radius.x) ** 2 + ((y - centre.y) / radius.y) ** 2 <= 1;
      if (!inside) continue;
      const value = storedIntensity(picture, j * picture.sizeX + i);
      pixels++;
      sum += value;
      squares += value * value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (pixels === 0) return undefined;
  const mean = sum / pixels;
  return { pixels, mean, standardDeviation: Math.sqrt(Math.max(squares / pixels - mean * mean, 0)), min, max };
}

/** Samples whose centres lie between two positions. */
function samplesBetween(picture: Picture, from: number, to: number, size: number) {
  return {
    first: Math.max(Math.ceil(sampleAt(picture, from)), 0),
    last: Math.min(Math.floor(sampleAt(picture, to)), size - 1),
  };
}

/** Intensities along a line, `perRawSample` for each raw sample, both ends included. Between samples they are interpolated. */
export function lineProfile(picture: Picture, from: Point, to: Point, perRawSample = picture.magnification): number[] {
  const steps = Math.max(Math.round(distance(from, to) * perRawSample), 1);
  return Array.from({ length: steps + 1 }, (_, step) =>
    interpolatedIntensity(
      picture,
      from.x + ((to.x - from.x) * step) / steps,
      from.y + ((to.y - from.y) * step) / steps,
    ),
  );
}

/** In raw samples. */
export function distance(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}
