import { messageOf } from '../../errors.ts';
import { type ByteSource, refused, torn } from '../byteSource.ts';
import { sharpPlane } from '../sharpPlane.ts';
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

const SHORT = 3;
const LONG = 4;
const HEADER_BYTES = 8;

async function onePageTiff(
  source: ByteSource,
  littleEndian: boolean,
  layout: TiffLayout,
  segments: readonly Segment[],
): Promise<Uint8Array> {
  const { tiled } = layout;
  const samples = layout.planar ? 1 : layout.samplesPerPixel;
  const unsignedOrFloat = layout.sampleFormat === 3 ? 3 : 1;
  const tags: [tag: number, type: typeof SHORT | typeof LONG, values: number[]][] = [
    [TAG.imageWidth, LONG, [layout.sizeX]],
    [TAG.imageLength, LONG, [layout.sizeY]],
    [TAG.bitsPerSample, SHORT, Array<number>(samples).fill(layout.bitsPerSample)],
    [TAG.compression, SHORT, [layout.compression]],
    [TAG.photometricInterpretation, SHORT, [samples === 1 ? 1 : 2]],
    [TAG.samplesPerPixel, SHORT, [samples]],
    [TAG.planarConfiguration, SHORT, [1]],
    [TAG.predictor, SHORT, [layout.predictor]],
    [TAG.sampleFormat, SHORT, Array<number>(samples).fill(unsignedOrFloat)],
    [tiled ? TAG.tileOffsets : TAG.stripOffsets, LONG, segments.map(() => 0)],
    [tiled ? TAG.tileByteCounts : TAG.stripByteCounts, LONG, segments.map(({ sizeBytes }) => sizeBytes)],
  ];
  if (tiled) tags.push([TAG.tileWidth, LONG, [layout.segmentX]], [TAG.tileLength, LONG, [layout.segmentY]]);
  else tags.push([TAG.rowsPerStrip, LONG, [layout.segmentY]]);
  tags.sort(([a], [b]) => a - b);

  // Header, directory, values that do not fit into it, segments.
  const ifdBytes = 2 + 12 * tags.length + 4;
  const valueBytes = (type: number, values: number[]): number => values.length * (type === SHORT ? 2 : 4);
  const outside = tags.reduce((sum, [, type, values]) => sum + Math.max(4, valueBytes(type, values)), 0);
  const dataAt = HEADER_BYTES + ifdBytes + outside;
  const bytes = new Uint8Array(dataAt + segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const view = new DataView(bytes.buffer);

  const offsets = tags.find(([tag]) => tag === TAG.tileOffsets || tag === TAG.stripOffsets)![2];
  let at = dataAt;
  for (const [i, { offset, sizeBytes }] of segments.entries()) {
    offsets[i] = at;
    await source.readInto(bytes.subarray(at, at + sizeBytes), offset);
    at += sizeBytes;
  }

  bytes.fill(littleEndian ? 0x49 : 0x4d, 0, 2);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, HEADER_BYTES, littleEndian);
  view.setUint16(HEADER_BYTES, tags.length, littleEndian);
  let outsideAt = HEADER_BYTES + ifdBytes;
  tags.forEach(([tag, type, values], i) => {
    const entryAt = HEADER_BYTES + 2 + 12 * i;
    view.setUint16(entryAt, tag, littleEndian);
    view.setUint16(entryAt + 2, type, littleEndian);
    view.setUint32(entryAt + 4, values.length, littleEndian);
    let valueAt = entryAt + 8;
    if (valueBytes(type, values) > 4) {
      view.setUint32(valueAt, outsideAt, littleEndian);
      valueAt = outsideAt;
      outsideAt += valueBytes(type, values);
    }
    for (const value of values) {
      if (type === SHORT) view.setUint16(valueAt, value, littleEndian);
      else view.setUint32(valueAt, value, littleEndian);
      valueAt += type === SHORT ? 2 : 4;
    }
  });
  return bytes;
}
