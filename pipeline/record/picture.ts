/** Planes as pictures for people: 8 bit, through an intensity window. */

import sharp, { type Sharp } from 'sharp';
import type { Plane } from '../frame.ts';

export type PictureFormat = 'png' | 'jpeg' | 'webp';

export interface PictureOptions {
  /** Intensities shown as black and white; absent: those that leave 0.5 % of the pixels on either side. */
  readonly window?: readonly [number, number];
  /** Longest side, pixels; a smaller plane is not enlarged. */
  readonly maxSide?: number;
  readonly format?: PictureFormat;
}

/** An encoded picture of a plane. */
export function encodePicture(plane: Plane, options: PictureOptions = {}): Promise<Buffer> {
  const { maxSide, format = 'png' } = options;
  const picture = pictureOf(plane, options.window);
  if (maxSide !== undefined) picture.resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true });
  return picture.toFormat(format, format === 'png' ? { compressionLevel: 3 } : { quality: 85 }).toBuffer();
}

/** Colour planes are shown as they are. */
function pictureOf(plane: Plane, window?: readonly [number, number]): Sharp {
  const { sizeX, sizeY, samplesPerPixel } = plane;
  const grey = samplesPerPixel === 3 && !window ? plane.data : toGrey(plane, window ?? windowOf(plane));
  const bytes = new Uint8Array(grey.buffer, grey.byteOffset, grey.byteLength);
  return sharp(bytes, { raw: { width: sizeX, height: sizeY, channels: samplesPerPixel } });
}

const CLIPPED_SHARE = 0.005;
/** Values looked at for the window: enough for percentiles. */
const WINDOW_SAMPLES = 4096;

/** Intensities that leave 0.5 % of the values on either side. */
export function windowOf({ data }: Plane): readonly [number, number] {
  const step = Math.max(1, Math.floor(data.length / WINDOW_SAMPLES));
  const values = Float64Array.from({ length: Math.ceil(data.length / step) }, (_, k) => data[k * step]!).sort();
  const low = values[Math.floor(CLIPPED_SHARE * (values.length - 1))]!;
  const high = values[Math.ceil((1 - CLIPPED_SHARE) * (values.length - 1))]!;
  return low < high ? [low, high] : [low, low + 1];
}

/** 0 at the window's lower end and below, 255 at its upper end and above. */
export function toGrey({ data }: Plane, [low, high]: readonly [number, number]): Uint8Array {
  const scale = 255 / (high - low);
  const grey = new Uint8Array(data.length);
  for (let k = 0; k < grey.length; k++) grey[k] = Math.min(255, Math.max(0, (data[k]! - low) * scale));
  return grey;
}
