import { createHash } from 'node:crypto';
import type { PixelArray, PixelType, Plane } from '../frame.ts';

/** Pixels as numbers, without a copy where the bytes lie at a multiple of the pixel's size. */
export function viewPixels(bytes: Uint8Array, pixelType: PixelType): PixelArray {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  switch (pixelType) {
    case 'uint8':
      return bytes;
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, byteLength / 2);
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
  }
}

/** The bytes of a plane's pixels, little-endian (as every machine that Node runs on keeps them). */
export function bytesOf({ data }: Plane): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Hex SHA-256 of pixels as they were before compression. */
export function pixelHash(pixels: Uint8Array): string {
  return createHash('sha256').update(pixels).digest('hex');
}
