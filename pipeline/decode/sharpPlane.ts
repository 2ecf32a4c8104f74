import sharp, { type DepthEnum, type Metadata, type SharpOptions } from 'sharp';
import type { PixelType, Plane } from '../frame.ts';

// Frames differ from one another: a cache of decoded pictures would only hold memory.
sharp.cache(false);

/**
 * The only recipes that give sharp's pixels bit by bit. Anything else maps through sRGB: 16 bit comes out as 8, as three
 * channels, or black.
 */
const RECIPES: Readonly<Record<string, { space: string; depth: keyof DepthEnum }>> = {
  'uint8 x 1': { space: 'b-w', depth: 'uchar' },
  'uint8 x 3': { space: 'srgb', depth: 'uchar' },
  'uint16 x 1': { space: 'grey16', depth: 'ushort' },
  'uint16 x 3': { space: 'rgb16', depth: 'ushort' },
  'float32 x 1': { space: 'b-w', depth: 'float' },
};

export interface SharpPlaneOptions {
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  readonly maxPixels: number;
}

/**
 * The pixels of an encoded picture in memory. Throws sharp's own error when the data is damaged, truncated (never padded) or
 * larger than `maxPixels`.
 */
export async function sharpPlane(encoded: Uint8Array, options: SharpPlaneOptions): Promise<Plane> {
  const { samplesPerPixel, pixelType, maxPixels } = options;
  const recipe = RECIPES[`${pixelType} x ${samplesPerPixel}`];
  if (!recipe) throw new Error(`no exact way to read ${pixelType} pixels with ${samplesPerPixel} samples`);
  const { data, info } = await sharp(encoded, strictly(maxPixels))
    .removeAlpha()
    .toColourspace(recipe.space)
    .raw({ depth: recipe.depth })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== samplesPerPixel)
    throw new Error(`gave ${info.channels} channels instead of ${samplesPerPixel}`);
  return { sizeX: info.width, sizeY: info.height, samplesPerPixel, pixelType, data: typedPixels(data, pixelType) };
}

/** Size, channels and depth, from the header alone. */
export function sharpHeader(encoded: Uint8Array, maxPixels: number): Promise<Metadata> {
  return sharp(encoded, strictly(maxPixels)).metadata();
}

function strictly(maxPixels: number): SharpOptions {
  return { failOn: 'warning', limitInputPixels: maxPixels, ignoreIcc: true };
}

/** Buffers from sharp may begin anywhere in their memory; 16-bit and 32-bit arrays must begin at their own multiple. */
function typedPixels(data: Buffer, pixelType: PixelType): Plane['data'] {
  const Pixels = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array }[pixelType];
  const aligned = data.byteOffset % Pixels.BYTES_PER_ELEMENT === 0 ? data : Uint8Array.from(data);
  return new Pixels(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / Pixels.BYTES_PER_ELEMENT);
}
