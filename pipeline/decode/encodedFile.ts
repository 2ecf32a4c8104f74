import type { PixelType } from '../frame.ts';
import type { Decoded, Decoder } from '../ports.ts';
import { messageOf } from '../errors.ts';
import { type ByteSource, refused, torn } from './byteSource.ts';
import type { DecodeLimits } from './limits.ts';
import { sharpHeader, sharpPlane } from './sharpPlane.ts';

/** How far before the end of a file its end mark is looked for: some cameras append notes of their own. */
const TAIL_BYTES = 64 * 1024;

export interface EncodedFormat {
  readonly id: string;
  /** What a file begins with. */
  readonly signature: readonly number[];
  /** What a complete file has at or near its end. */
  readonly endMark: readonly number[];
}

/** A one-picture format that sharp reads whole (PNG, JPEG), as a decoder. */
export function encodedFileDecoder({ id, signature, endMark }: EncodedFormat): Decoder {
  return {
    id,
    recognises: (head) => signature.every((byte, i) => head[i] === byte),
    async countPages(source) {
      const tail = Buffer.alloc(Math.min(TAIL_BYTES, source.sizeBytes));
      await source.readInto(tail, source.sizeBytes - tail.length);
      if (!tail.includes(Buffer.from(endMark))) throw torn(source, `has no end of a ${id.toUpperCase()} file`);
      return 1;
    },
    async decode(source, page, limits) {
      if (page !== 0) throw refused(source, `has one page, so none with number ${page}`);
      return decodeEncoded(source, limits);
    },
  };
}

async function decodeEncoded(source: ByteSource, { maxPixels, maxFileBytes }: DecodeLimits): Promise<Decoded> {
  if (source.sizeBytes > maxFileBytes) {
    throw refused(source, `has ${source.sizeBytes} bytes, more than the ${maxFileBytes} that are allowed`);
  }
  const encoded = new Uint8Array(source.sizeBytes);
  await source.readInto(encoded, 0);
  const unreadable = (error: unknown): never => {
    throw torn(source, `cannot be read: ${messageOf(error)}`, error);
  };
  const { width, height, space, channels, hasAlpha, depth } = await sharpHeader(encoded, maxPixels).catch(unreadable);
  if (width * height > maxPixels) {
    throw refused(source, `has ${width} x ${height} pixels, more than the ${maxPixels} that are allowed`);
  }
  const samplesPerPixel = channels - (hasAlpha ? 1 : 0);
  const pixelType = PIXEL_TYPES[depth];
  if ((samplesPerPixel !== 1 && samplesPerPixel !== 3) || space === 'cmyk' || !pixelType) {
    throw refused(
      source,
      `has ${space} pixels of ${depth} with ${channels} samples, which are not read (grey and RGB are)`,
    );
  }
  const plane = await sharpPlane(encoded, { samplesPerPixel, pixelType, maxPixels }).catch(unreadable);
  return { plane, description: {} };
}

const PIXEL_TYPES: Readonly<Record<string, PixelType>> = { uchar: 'uint8', ushort: 'uint16' };
