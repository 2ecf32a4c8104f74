import { messageOf } from '../../errors.ts';
import { type ByteSource, refused, torn } from '../byteSource.ts';
import { sharpPlane } from '../sharpPlane.ts';
import { directoryBytes, encodeDirectory, encodeHeader, TAG_TYPE, type TagValues } from './directory.ts';
import { TAG } from './ifd.ts';
import {
  COMPRESSION,
  segmentRowBytes,
  segmentRows,
  segmentsPerSamplePlane,
  type Segment,
  type TiffLayout,
} from './layout.ts';

/**
 * Samples of a page that is compressed with LZW, deflate or PackBits, in the machine's byte order, row by row.
 *
 * sharp (libtiff) does the decompression, but not on the file: it would walk all directories for every page, and meet tags
 * that were never checked. It gets a small TIFF in memory with this one page and only the tags that matter. Pixels are
 * declared unsigned there, whatever their sign, so that none is clipped on the way.
 */
export async function readCompressed(
  source: ByteSource,
  littleEndian: boolean,
  layout: TiffLayout,
  firstSegment: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const segments = layout.segments.slice(firstSegment, firstSegment + segmentsPerSamplePlane(layout));
  segments.forEach((segment, i) => checkSize(source, layout, segment, i));
  const page = await onePageTiff(source, littleEndian, layout, segments);
  const samplesPerPixel = layout.planar || layout.samplesPerPixel === 1 ? 1 : 3;
  const pixelType = layout.sampleFormat === 3 ? 'float32' : layout.bitsPerSample === 16 ? 'uint16' : 'uint8';
  if (pixelType === 'float32' && samplesPerPixel === 3)
    throw refused(source, 'has compressed float32 RGB pixels, which are not read');
  const options = { samplesPerPixel, pixelType, maxPixels: layout.sizeX * layout.sizeY } as const;
  const plane = await sharpPlane(page, options).catch((error: unknown) => {
    throw torn(source, `has compressed pixels that cannot be read: ${messageOf(error)}`, error);
  });
  return new Uint8Array(plane.data.buffer as ArrayBuffer, plane.data.byteOffset, plane.data.byteLength);
}

/** How many times smaller than its pixels a segment can be at most, by method. */
const MAX_RATIO: Readonly<Record<number, number>> = {
  [COMPRESSION.lzw]: 4096, // A code of 12 bits stands for at most 4 KB.
  [COMPRESSION.deflate]: 1100, // 258 bytes for 2 bits.
  [COMPRESSION.oldDeflate]: 1100,
  [COMPRESSION.packBits]: 64, // 128 bytes for 2.
};

/** A segment that is far too long for its pixels, or far too short, lies: it is refused before memory is taken for either. */
function checkSize(source: ByteSource, layout: TiffLayout, { sizeBytes }: Segment, i: number): void {
  const pixelBytes = segmentRows(layout, i) * segmentRowBytes(layout);
  const least = Math.floor(pixelBytes / MAX_RATIO[layout.compression]);
  const most = 2 * pixelBytes + 1024;
  if (sizeBytes < least || sizeBytes > most) {
    throw refused(source, `claims ${sizeBytes} compressed bytes where its pixels need ${least} to ${most}`);
  }
}

async function onePageTiff(
  source: ByteSource,
  littleEndian: boolean,
  layout: TiffLayout,
  segments: readonly Segment[],
): Promise<Uint8Array> {
  const { tiled } = layout;
  const samples = layout.planar ? 1 : layout.samplesPerPixel;
  const unsignedOrFloat = layout.sampleFormat === 3 ? 3 : 1;
  const short = (tag: number, ...values: number[]): TagValues => ({ tag, type: TAG_TYPE.short, values });
  const long = (tag: number, ...values: number[]): TagValues => ({ tag, type: TAG_TYPE.long, values });
  const tagsWith = (offsets: number[]): TagValues[] =>
    [
      long(TAG.imageWidth, layout.sizeX),
      long(TAG.imageLength, layout.sizeY),
      short(TAG.bitsPerSample, ...Array<number>(samples).fill(layout.bitsPerSample)),
      short(TAG.compression, layout.compression),
      short(TAG.photometricInterpretation, samples === 1 ? 1 : 2),
      short(TAG.samplesPerPixel, samples),
      short(TAG.planarConfiguration, 1),
      short(TAG.predictor, layout.predictor),
      short(TAG.sampleFormat, ...Array<number>(samples).fill(unsignedOrFloat)),
      { tag: tiled ? TAG.tileOffsets : TAG.stripOffsets, type: TAG_TYPE.long, values: offsets },
      {
        tag: tiled ? TAG.tileByteCounts : TAG.stripByteCounts,
        type: TAG_TYPE.long,
        values: segments.map(({ sizeBytes }) => sizeBytes),
      },
      ...(tiled
        ? [long(TAG.tileWidth, layout.segmentX), long(TAG.tileLength, layout.segmentY)]
        : [long(TAG.rowsPerStrip, layout.segmentY)]),
    ].sort((a, b) => a.tag - b.tag);

  const encoding = { littleEndian, big: false };
  const header = encodeHeader(encoding);
  const offsets = segments.map(() => 0);
  let size = header.length + directoryBytes(tagsWith(offsets), encoding);
  for (const [i, { sizeBytes }] of segments.entries()) {
    offsets[i] = size;
    size += sizeBytes;
  }
  const bytes = new Uint8Array(size);
  bytes.set(header);
  bytes.set(encodeDirectory(tagsWith(offsets), header.length, 0, encoding), header.length);
  for (const [i, { offset, sizeBytes }] of segments.entries()) {
    await source.readInto(bytes.subarray(offsets[i], offsets[i] + sizeBytes), offset);
  }
  return bytes;
}
