/**
 * A picture as it came from the service, and how positions and intensities in it are meant.
 *
 * Positions are in raw samples: raw sample k has its centre at x = k and covers k - 0.5 to k + 0.5. Sample j of a grey picture
 * of magnification m has its centre at x = j / m, so enhanced sample 2k lies on raw sample k; colour pictures cover the same
 * rectangle as raw, edge to edge (the service's pipeline/registration.ts). The two never shift against each other.
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

type Registered = Pick<Picture, 'samplesPerPixel' | 'magnification'>;

/** Position of a sample, raw samples. */
export function positionOf({ samplesPerPixel, magnification }: Registered, sample: number): number {
  return sample / magnification + (samplesPerPixel === 3 ? (1 / magnification - 1) / 2 : 0);
}

/** Which sample lies at a position, with its fraction. */
export function sampleAt(picture: Registered, position: number): number {
  return (position - positionOf(picture, 0)) * picture.magnification;
}

/** Number of the pixel nearest to a position in raw samples, in row-major order. */
export function nearestPixel(picture: Picture, x: number, y: number): number {
  const column = clampIndex(Math.floor(sampleAt(picture, x) + 0.5), picture.sizeX);
  return clampIndex(Math.floor(sampleAt(picture, y) + 0.5), picture.sizeY) * picture.sizeX + column;
}

/** Raw intensity of the nearest sample; of RGB pictures, the mean of the three. */
export function intensityAt(picture: Picture, x: number, y: number): number {
  return storedIntensity(picture, nearestPixel(picture, x, y));
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
  const column = Math.min(Math.max(sampleAt(picture, x), 0), picture.sizeX - 1);
  const row = Math.min(Math.max(sampleAt(picture, y), 0), picture.sizeY - 1);
  const i = Math.floor(column);
  const j = Math.floor(row);
  const right = Math.min(i + 1, picture.sizeX - 1);
  const below = Math.min(j + 1, picture.sizeY - 1);
  const at = (column_: number, row_: number): number => storedIntensity(picture, row_ * picture.sizeX + column_);
  const fx = column - i;
  const fy = row - j;
  return (1 - fy) * ((1 - fx) * at(i, j) + fx * at(right, j)) + fy * ((1 - fx) * at(i, below) + fx * at(right, below));
}
