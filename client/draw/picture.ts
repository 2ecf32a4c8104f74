/**
 * A picture as it came from the service, and how positions and intensities in it are meant.
 *
 * Positions are in raw samples: raw sample k has its centre at x = k and covers k - 0.5 to k + 0.5. Sample j of a picture
 * of magnification m has its centre at x = j / m, so enhanced sample 2k lies on raw sample k and the two never shift
 * against each other.
 */

export interface Picture {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  /** Row-major, samples interleaved, as stored. */
  readonly data: Uint8Array | Uint16Array;
  /** Raw intensity = stored value * intensityScale + intensityOffset. */
  readonly intensityScale: number;
  readonly intensityOffset: number;
  /** Samples of this picture per raw sample along x and y: 1 for raw. */
  readonly magnification: number;
  /** False when the values passed an 8-bit lossy encoding on the way: good to look at, not to measure. */
  readonly exact: boolean;
}

const clampIndex = (index: number, size: number): number => Math.min(Math.max(index, 0), size - 1);

/** Index of the sample nearest to a position in raw samples. */
export function nearestSample(position: number, magnification: number, size: number): number {
  return clampIndex(Math.floor(position * magnification + 0.5), size);
}

/** Raw intensity of the nearest sample; of RGB pictures, the mean of the three. */
export function intensityAt(picture: Picture, x: number, y: number): number {
  const i = nearestSample(x, picture.magnification, picture.sizeX);
  const j = nearestSample(y, picture.magnification, picture.sizeY);
  return storedIntensity(picture, j * picture.sizeX + i);
}

/** Raw intensity of pixel number `pixel` in row-major order. */
export function storedIntensity(picture: Picture, pixel: number): number {
  const { data, samplesPerPixel, intensityScale, intensityOffset } = picture;
  const stored =
    samplesPerPixel === 1 ? data[pixel]! : (data[pixel * 3]! + data[pixel * 3 + 1]! + data[pixel * 3 + 2]!) / 3;
  return stored * intensityScale + intensityOffset;
}

/** Raw intensity between samples, bilinear. */
export function interpolatedIntensity(picture: Picture, x: number, y: number): number {
  const column = Math.min(Math.max(x * picture.magnification, 0), picture.sizeX - 1);
  const row = Math.min(Math.max(y * picture.magnification, 0), picture.sizeY - 1);
  const i = Math.floor(column);
  const j = Math.floor(row);
  const right = Math.min(i + 1, picture.sizeX - 1);
  const below = Math.min(j + 1, picture.sizeY - 1);
  const at = (column_: number, row_: number): number => storedIntensity(picture, row_ * picture.sizeX + column_);
  const fx = column - i;
  const fy = row - j;
  return (1 - fy) * ((1 - fx) * at(i, j) + fx * at(right, j)) + fy * ((1 - fx) * at(i, below) + fx * at(right, below));
}
