/**
 * TIFF 6.0 and BigTIFF structure: the header, and one image file directory (IFD) at a time. Nothing here trusts the file:
 * counts are bounded before memory is taken, and every offset is checked against the size of the source.
 */

import { type ByteSource, refused, torn } from '../byteSource.ts';

export const TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometricInterpretation: 262,
  fillOrder: 266,
  imageDescription: 270,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  maxSampleValue: 281,
  xResolution: 282,
  yResolution: 283,
  planarConfiguration: 284,
  resolutionUnit: 296,
  software: 305,
  predictor: 317,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  colourMap: 320,
  sampleFormat: 339,
  metaMorphUic1: 33628,
  metaMorphUic2: 33629,
  metaMorphUic3: 33630,
  metaMorphUic4: 33631,
  imageJByteCounts: 50838,
  imageJMetadata: 50839,
  microManagerMetadata: 51123,
} as const;

export interface TiffHeader {
  readonly littleEndian: boolean;
  /** BigTIFF: 64-bit offsets. */
  readonly big: boolean;
  readonly firstIfdOffset: number;
}

export interface TiffEntry {
  readonly type: number;
  readonly count: number;
  /** Where the values lie in the file. */
  readonly offset: number;
}

export interface Ifd {
  readonly header: TiffHeader;
  readonly offset: number;
  readonly entries: ReadonlyMap<number, TiffEntry>;
  /** 0 at the end of the chain. */
  readonly nextOffset: number;
  /** The bytes that were read with the IFD: small values are nearly always among them. */
  readonly window: { readonly offset: number; readonly view: DataView };
}

/** Bytes of one value, by TIFF type: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE ... LONG8, SLONG8, IFD8. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}; // prettier-ignore

const MAX_ENTRIES = 1024;
/** Enough for an IFD and its values in most files: one read. */
const WINDOW_BYTES = 4096;

/** The first bytes of a TIFF or BigTIFF file. */
export function isTiff(head: Uint8Array): boolean {
  const [a, b, c, d] = head;
  if (a === 0x49 && b === 0x49) return (c === 42 || c === 43) && d === 0;
  return a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43);
}

export async function readHeader(source: ByteSource): Promise<TiffHeader> {
  if (source.sizeBytes < 8) throw torn(source, `has ${source.sizeBytes} bytes, too few for a TIFF header`);
  const bytes = new Uint8Array(Math.min(16, source.sizeBytes));
  await source.readInto(bytes, 0);
  if (!isTiff(bytes)) throw refused(source, 'does not begin like a TIFF file');
  const view = new DataView(bytes.buffer);
  const littleEndian = bytes[0] === 0x49;
  const big = view.getUint16(2, littleEndian) === 43;
  if (!big) return { littleEndian, big, firstIfdOffset: view.getUint32(4, littleEndian) };
  if (bytes.length < 16) throw torn(source, `has ${source.sizeBytes} bytes, too few for a BigTIFF header`);
  if (view.getUint16(4, littleEndian) !== 8) throw refused(source, 'is a BigTIFF with offsets that are not 8 bytes');
  return { littleEndian, big, firstIfdOffset: Number(view.getBigUint64(8, littleEndian)) };
}

/** The IFD at `offset`. Throws (retryable while the file may grow) when it is not wholly inside the source. */
export async function readIfd(source: ByteSource, header: TiffHeader, offset: number): Promise<Ifd> {
  const { littleEndian, big } = header;
  const countBytes = big ? 8 : 2;
  const entryBytes = big ? 20 : 12;
  const pointerBytes = big ? 8 : 4;
  if (offset < 8) throw torn(source, `points to an image directory at byte ${offset}`);
  let view = await readWindow(source, offset, countBytes + pointerBytes, WINDOW_BYTES);

  const entryCount = big ? Number(view.getBigUint64(0, littleEndian)) : view.getUint16(0, littleEndian);
  if (entryCount === 0) throw torn(source, `has an empty image directory at byte ${offset}`);
  if (entryCount > MAX_ENTRIES) throw refused(source, `claims ${entryCount} entries in one image directory`);
  const ifdBytes = countBytes + entryCount * entryBytes + pointerBytes;
  if (ifdBytes > view.byteLength) view = await readWindow(source, offset, ifdBytes, ifdBytes + WINDOW_BYTES);

  const entries = new Map<number, TiffEntry>();
  for (let i = 0; i < entryCount; i++) {
    const at = countBytes + i * entryBytes;
    const type = view.getUint16(at + 2, littleEndian);
    const count = big ? Number(view.getBigUint64(at + 4, littleEndian)) : view.getUint32(at + 4, littleEndian);
    const valueAt = at + (big ? 12 : 8);
    // Values of an unknown type cannot be measured, and nobody here asks for them.
    const sizeBytes = count * (TYPE_BYTES[type] ?? Infinity);
    const valueOffset =
      sizeBytes <= pointerBytes ? offset + valueAt
      : big ? Number(view.getBigUint64(valueAt, littleEndian))
      : view.getUint32(valueAt, littleEndian); // prettier-ignore
    if (!Number.isFinite(sizeBytes)) continue;
    entries.set(view.getUint16(at, littleEndian), { type, count, offset: valueOffset });
  }
  const nextAt = ifdBytes - pointerBytes;
  const nextOffset = big ? Number(view.getBigUint64(nextAt, littleEndian)) : view.getUint32(nextAt, littleEndian);
  return { header, offset, entries, nextOffset, window: { offset, view } };
}

async function readWindow(source: ByteSource, offset: number, atLeast: number, atMost: number): Promise<DataView> {
  const length = Math.min(atMost, source.sizeBytes - offset);
  if (length < atLeast) throw torn(source, `ends before its image directory at byte ${offset}`);
  const bytes = new Uint8Array(length);
  await source.readInto(bytes, offset);
  return new DataView(bytes.buffer);
}

/**
 * The raw bytes of a tag's values; undefined when the tag is absent or longer than `maxBytes`. Throws when they lie outside
 * the source.
 */
export async function readValueBytes(
  source: ByteSource,
  ifd: Ifd,
  tag: number,
  maxBytes: number,
): Promise<DataView | undefined> {
  const entry = ifd.entries.get(tag);
  if (!entry) return undefined;
  const sizeBytes = entry.count * TYPE_BYTES[entry.type];
  if (sizeBytes > maxBytes) return undefined;
  if (entry.offset + sizeBytes > source.sizeBytes) throw torn(source, `ends before the values of its tag ${tag}`);
  const { window } = ifd;
  const inWindow = entry.offset - window.offset;
  if (inWindow >= 0 && inWindow + sizeBytes <= window.view.byteLength) {
    return new DataView(window.view.buffer, inWindow, sizeBytes);
  }
  const bytes = new Uint8Array(sizeBytes);
  await source.readInto(bytes, entry.offset);
  return new DataView(bytes.buffer);
}

/** The first `maxCount` values of a tag as numbers (rationals as quotients); empty when the tag is absent. */
export async function readNumbers(source: ByteSource, ifd: Ifd, tag: number, maxCount: number): Promise<number[]> {
  const entry = ifd.entries.get(tag);
  if (!entry) return [];
  const count = Math.min(entry.count, maxCount);
  const size = TYPE_BYTES[entry.type];
  const wanted: Ifd = { ...ifd, entries: new Map([[tag, { ...entry, count }]]) };
  const view = (await readValueBytes(source, wanted, tag, count * size))!;
  return Array.from({ length: count }, (_, i) => numberAt(view, i * size, entry.type, ifd.header.littleEndian));
}

function numberAt(view: DataView, at: number, type: number, littleEndian: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case 5:
      return view.getUint32(at, littleEndian) / view.getUint32(at + 4, littleEndian);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, littleEndian);
    case 9:
      return view.getInt32(at, littleEndian);
    case 10:
      return view.getInt32(at, littleEndian) / view.getInt32(at + 4, littleEndian);
    case 11:
      return view.getFloat32(at, littleEndian);
    case 12:
      return view.getFloat64(at, littleEndian);
    case 16:
    case 18:
      return Number(view.getBigUint64(at, littleEndian));
    case 17:
      return Number(view.getBigInt64(at, littleEndian));
    default:
      return view.getUint8(at);
  }
}

/** A text tag up to its first NUL; undefined when it is absent or longer than `maxBytes`. */
export async function readText(
  source: ByteSource,
  ifd: Ifd,
  tag: number,
  maxBytes: number,
): Promise<string | undefined> {
  const view = await readValueBytes(source, ifd, tag, maxBytes);
  if (!view) return undefined;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

/** TIFF text should be ASCII. What is beyond it is mostly the micro sign: UTF-8 in newer files, Latin-1 in older ones. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}
