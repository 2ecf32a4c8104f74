import type { CellBox, PixelArray } from '../../pipeline/frame.ts';
import { firstSampleAt } from '../../pipeline/registration.ts';

/** A picture that is looked at, and where it lies on the raw pixels. */
export interface Picture {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly data: PixelArray;
  /** Its pixels per raw pixel. */
  readonly scale: number;
  /** Where its left and upper edges lie, raw pixels between edges (raw sample k covers [k, k + 1)). */
  readonly origin: number;
}

/** Where the edge of an enlarged picture lies: half an enlarged pixel before the middle of its first one. */
export function enlargedOrigin(samplesPerPixel: 1 | 3, magnification: number): number {
  return firstSampleAt(samplesPerPixel, magnification) + 0.5 - 0.5 / magnification;
}

/** A box of the picture (pixels between edges) in raw pixels. */
export function toRaw({ scale, origin }: Picture, { x, y, width, height }: CellBox): CellBox {
  return { x: origin + x / scale, y: origin + y / scale, width: width / scale, height: height / scale };
}

/** A box in raw pixels as a box of the picture. */
export function fromRaw({ scale, origin }: Picture, { x, y, width, height }: CellBox): CellBox {
  return { x: (x - origin) * scale, y: (y - origin) * scale, width: width * scale, height: height * scale };
}

/** The part of a box inside sizeX x sizeY pixels. */
export function clipped(box: CellBox, sizeX: number, sizeY: number): CellBox {
  const x = Math.min(Math.max(box.x, 0), sizeX);
  const y = Math.min(Math.max(box.y, 0), sizeY);
  const right = Math.min(Math.max(box.x + box.width, 0), sizeX);
  const bottom = Math.min(Math.max(box.y + box.height, 0), sizeY);
  return { x, y, width: right - x, height: bottom - y };
}

/** Intersection over union, 0..1. */
export function overlapOf(a: CellBox, b: CellBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}
