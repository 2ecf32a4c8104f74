/** Image file directories, the way they are written. */

/** Bytes of one value are 1, 2, 4, 8 and 8. */
export const TAG_TYPE = { ascii: 2, short: 3, long: 4, rational: 5, long8: 16 } as const;
const TYPE_BYTES: Readonly<Record<number, number>> = { 2: 1, 3: 2, 4: 4, 5: 8, 16: 8 };

export interface TagValues {
  readonly tag: number;
  readonly type: (typeof TAG_TYPE)[keyof typeof TAG_TYPE];
  /** A rational is two numbers; text stands for its bytes and a NUL. */
  readonly values: readonly number[] | string;
}

export interface TiffEncoding {
  readonly littleEndian: boolean;
  /** BigTIFF: 64-bit counts and offsets. */
  readonly big: boolean;
}

const countBytes = (big: boolean): number => (big ? 8 : 2);
const entryBytes = (big: boolean): number => (big ? 20 : 12);
const pointerBytes = (big: boolean): number => (big ? 8 : 4);

/** Length of a directory with its values behind it; even, because TIFF 6.0 wants what follows on an even byte. */
export function directoryBytes(tags: readonly TagValues[], encoding: TiffEncoding): number {
  const pointer = pointerBytes(encoding.big);
  const outside = tags.map(valueBytes).filter((bytes) => bytes > pointer);
  const bytes = nextPointerAt(tags, encoding) + pointer + outside.reduce((sum, each) => sum + each, 0);
  return bytes + (bytes % 2);
}

/** Where the entry of the n-th tag is in a directory, and where its pointer to the next directory is. */
export function entryAt(n: number, { big }: TiffEncoding): number {
  return countBytes(big) + n * entryBytes(big);
}

export function nextPointerAt(tags: readonly TagValues[], { big }: TiffEncoding): number {
  return countBytes(big) + tags.length * entryBytes(big);
}

/** @param tags in ascending order. @param at where the directory will be in the file. @param next where the next one will be. */
export function encodeDirectory(
  tags: readonly TagValues[],
  at: number,
  next: number,
  encoding: TiffEncoding,
): Uint8Array {
  const { littleEndian, big } = encoding;
  const bytes = new Uint8Array(directoryBytes(tags, encoding));
  const view = new DataView(bytes.buffer);
  if (big) view.setBigUint64(0, BigInt(tags.length), littleEndian);
  else view.setUint16(0, tags.length, littleEndian);

  let outside = nextPointerAt(tags, encoding) + pointerBytes(big);
  tags.forEach((each, n) => {
    const entry = entryAt(n, encoding);
    const inline = valueBytes(each) <= pointerBytes(big);
    const offset = inline ? 0 : at + outside;
    bytes.set(encodeEntry(each, offset, encoding), entry);
    putValues(view, inline ? entry + entryBytes(big) - pointerBytes(big) : outside, each, littleEndian);
    if (!inline) outside += valueBytes(each);
  });
  putPointer(view, nextPointerAt(tags, encoding), next, encoding);
  return bytes;
}

/** An entry that points to its values at `offset`. */
export function encodeEntry(each: TagValues, offset: number, encoding: TiffEncoding): Uint8Array {
  const { littleEndian, big } = encoding;
  const bytes = new Uint8Array(entryBytes(big));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, each.tag, littleEndian);
  view.setUint16(2, each.type, littleEndian);
  putPointer(view, 4, valueBytes(each) / TYPE_BYTES[each.type], encoding);
  putPointer(view, entryBytes(big) - pointerBytes(big), offset, encoding);
  return bytes;
}

/** The first bytes of a file, with the place of its first directory: 8, in BigTIFF 16. */
export function encodeHeader(encoding: TiffEncoding): Uint8Array {
  const { littleEndian, big } = encoding;
  const bytes = new Uint8Array(big ? 16 : 8).fill(littleEndian ? 0x49 : 0x4d, 0, 2);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, big ? 43 : 42, littleEndian);
  if (big) view.setUint16(4, 8, littleEndian);
  putPointer(view, big ? 8 : 4, bytes.length, encoding);
  return bytes;
}

function valueBytes({ type, values }: TagValues): number {
  if (typeof values === 'string') return Buffer.byteLength(values) + 1;
  return type === TAG_TYPE.rational ? values.length * 4 : values.length * TYPE_BYTES[type];
}

function putValues(view: DataView, at: number, { type, values }: TagValues, littleEndian: boolean): void {
  if (typeof values === 'string') {
    new Uint8Array(view.buffer).set(Buffer.from(values), at);
    return;
  }
  values.forEach((value, i) => {
    if (type === TAG_TYPE.short) view.setUint16(at + 2 * i, value, littleEndian);
    else if (type === TAG_TYPE.long8) view.setBigUint64(at + 8 * i, BigInt(value), littleEndian);
    else view.setUint32(at + 4 * i, value, littleEndian);
  });
}

function putPointer(view: DataView, at: number, value: number, { littleEndian, big }: TiffEncoding): void {
  if (big) view.setBigUint64(at, BigInt(value), littleEndian);
  else view.setUint32(at, value, littleEndian);
}
