import type { AxisSizes } from './manifest.ts';

/**
 * Frames of any size through a model: padded by reflection to a size that it takes, and in tiles where they are large.
 * A tile is read with a halo around the part that is kept, and starts at a multiple of the model's step, so that pooling
 * falls on the same pixels as without tiles: both results agree as far as the halo covers the model's reach.
 */

export type TileArray = Uint8Array | Uint16Array | Float32Array;

export interface TileGeometry {
  readonly sizeX: AxisSizes;
  readonly sizeY: AxisSizes;
  /** input pixels */
  readonly halo: number;
  readonly magnification: number;
  /** Of input and output, interleaved. */
  readonly samplesPerPixel: 1 | 3;
}

/** Along one axis, in pixels of the padded input: [start, start + size) is read, [keepFrom, keepTo) is kept. */
export interface Span {
  readonly start: number;
  readonly size: number;
  readonly keepFrom: number;
  readonly keepTo: number;
}

/** The model on one tile; `tile` holds the frames one after the other and is free again when the result is there. */
export type RunTile<T extends TileArray> = (tile: T, sizeX: number, sizeY: number) => Promise<T>;

/**
 * Runs a model over planes of sizeX x sizeY pixels, tiles at most `limit` pixels along a side (more where the model's
 * smallest size is more). `scratch` gives memory that is reused from tile to tile.
 */
export async function runTiled<T extends TileArray>(
  planes: readonly T[],
  sizeX: number,
  sizeY: number,
  geometry: TileGeometry,
  limit: number,
  scratch: (length: number) => T,
  run: RunTile<T>,
): Promise<{ readonly data: T; readonly tiles: number }> {
  const spansX = planSpans(paddedSize(sizeX, geometry.sizeX), limit, geometry.halo, geometry.sizeX);
  const spansY = planSpans(paddedSize(sizeY, geometry.sizeY), limit, geometry.halo, geometry.sizeY);
  const tiles = spansX.length * spansY.length;
  const fits = tiles === 1 && spansX[0].size === sizeX && spansY[0].size === sizeY;
  if (fits && planes.length === 1) return { data: await run(planes[0], sizeX, sizeY), tiles };

  const { magnification: m, samplesPerPixel: n } = geometry;
  const output = new (planes[0].constructor as new (length: number) => T)(sizeX * m * sizeY * m * n);
  for (const y of spansY) {
    for (const x of spansX) {
      const length = x.size * y.size * n;
      const tile = scratch(planes.length * length);
      planes.forEach((plane, i) =>
        readTile(plane, sizeX, sizeY, n, x, y, tile.subarray(i * length, (i + 1) * length) as T),
      );
      const result = await run(tile, x.size, y.size);
      if (fits) return { data: result, tiles };
      keepTile(result, x, y, m, n, output, sizeX, sizeY);
    }
  }
  return { data: output, tiles };
}

/** The smallest allowed size that holds `length` pixels; frames larger than a fixed size are tiled. */
export function paddedSize(length: number, { min, step }: AxisSizes): number {
  if (length <= min) return min;
  return step === 0 ? length : min + Math.ceil((length - min) / step) * step;
}

/** A tile is at least this many halos wide: in smaller ones most of the work is thrown away. */
const LEAST_HALOS = 4;

/**
 * Spans that cover `length` pixels (a padded size), all of one size, each at most `limit` long as far as the model and its
 * halo allow. Throws RangeError when a model of fixed size is nothing but halo.
 */
export function planSpans(length: number, limit: number, halo: number, sizes: AxisSizes): Span[] {
  const fixed = sizes.step === 0;
  const largest = fixed ? sizes.min : Math.max(limit, sizes.min, LEAST_HALOS * halo);
  if (length <= largest) return [{ start: 0, size: length, keepFrom: 0, keepTo: length }];

  const count = Math.ceil((length - 2 * halo) / Math.max(largest - 2 * halo, 1));
  const size = fixed ? sizes.min : paddedSize(Math.ceil((length - 2 * halo) / count) + 2 * halo, sizes);
  const alignment = fixed ? 1 : sizes.step;
  const stride = Math.floor((size - 2 * halo) / alignment) * alignment;
  if (stride < 1) throw new RangeError(`tiles of ${size} pixels are too small for a halo of ${halo}`);

  const spans: Span[] = [];
  for (let start = 0, keepFrom = 0; keepFrom < length; start += stride) {
    const last = start + size >= length;
    const keepTo = last ? length : start + halo + stride;
    spans.push({ start: Math.min(start, length - size), size, keepFrom, keepTo });
    keepFrom = keepTo;
  }
  return spans;
}

/** Index inside [0, length) that a position is reflected to, the border sample not repeated: -1 -> 1, length -> length - 2. */
export function reflect(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const folded = ((position % period) + period) % period;
  return folded < length ? folded : period - folded;
}

/** Copies a rectangle out of a plane of n samples a pixel; what lies outside the plane is reflected. */
function readTile(from: TileArray, sizeX: number, sizeY: number, n: number, x: Span, y: Span, into: TileArray): void {
  const insideX = Math.max(0, Math.min(x.size, sizeX - x.start));
  for (let row = 0; row < y.size; row++) {
    const source = reflect(y.start + row, sizeY) * sizeX;
    const target = row * x.size;
    into.set(from.subarray((source + x.start) * n, (source + x.start + insideX) * n), target * n);
    for (let column = insideX; column < x.size; column++) {
      const pixel = (source + reflect(x.start + column, sizeX)) * n;
      for (let sample = 0; sample < n; sample++) into[(target + column) * n + sample] = from[pixel + sample];
    }
  }
}

/** Copies the kept part of a tile's result into the output of sizeX x sizeY input pixels, magnified by m. */
function keepTile(
  tile: TileArray,
  x: Span,
  y: Span,
  m: number,
  n: number,
  into: TileArray,
  sizeX: number,
  sizeY: number,
): void {
  const toX = Math.min(x.keepTo, sizeX);
  const toY = Math.min(y.keepTo, sizeY);
  if (toX <= x.keepFrom) return;
  for (let row = y.keepFrom * m; row < toY * m; row++) {
    const source = ((row - y.start * m) * x.size - x.start) * m;
    const kept = tile.subarray((source + x.keepFrom * m) * n, (source + toX * m) * n);
    into.set(kept, (row * sizeX * m + x.keepFrom * m) * n);
  }
}
