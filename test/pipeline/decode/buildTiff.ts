/** Builds TIFF files tag by tag, so that tests can say anything in them: also what no library would write. */

export const TYPE = { byte: 1, ascii: 2, short: 3, long: 4, rational: 5, long8: 16 } as const;
const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 16: 8 };

/** Values are numbers, for rationals numerator and denominator in turn; text stands for its bytes and a NUL. */
export type Tag = readonly [tag: number, type: number, values: readonly number[] | string];

export interface TiffPageParts {
  readonly tags: readonly Tag[];
  /** Strips, stored one behind the other before the directory; tags 273 and 279 are added. */
  readonly strips: readonly Uint8Array[];
}

export interface TiffParts {
  readonly pages: readonly TiffPageParts[];
  readonly littleEndian?: boolean;
  readonly big?: boolean;
}

export function buildTiff({ pages, littleEndian = true, big = false }: TiffParts): Buffer {
  const pointerBytes = big ? 8 : 4;
  const chunks: Buffer[] = [];
  let size = 0;
  const append = (chunk: Buffer): number => {
    chunks.push(chunk);
    size += chunk.length;
    return size - chunk.length;
  };
  const encode = (values: readonly number[], bytes: number): Buffer => {
    const out = Buffer.alloc(values.length * bytes);
    const view = new DataView(out.buffer, out.byteOffset);
    values.forEach((value, i) => {
      if (bytes === 8) view.setBigUint64(i * 8, BigInt(value), littleEndian);
      else if (bytes === 4) view.setUint32(i * 4, value, littleEndian);
      else if (bytes === 2) view.setUint16(i * 2, value, littleEndian);
      else view.setUint8(i, value);
    });
    return out;
  };

  append(Buffer.from(littleEndian ? 'II' : 'MM'));
  append(big ? encode([43, 8, 0], 2) : encode([42], 2));
  let pointer = encode([0], pointerBytes);
  append(pointer);
  for (const { tags, strips } of pages) {
    const offsets = strips.map((strip) => append(Buffer.from(strip)));
    const sizes = strips.map((strip) => strip.length);
    const own: Tag[] =
      strips.length > 0
        ? [
            [273, TYPE.long, offsets],
            [279, TYPE.long, sizes],
          ]
        : [];
    const entries = [...own, ...tags]
      .sort(([a], [b]) => a - b)
      .map(([tag, type, values]) => {
        const numbers = typeof values === 'string' ? [...Buffer.from(`${values}\0`)] : values;
        const bytes = encode(numbers, type === TYPE.rational ? 4 : TYPE_BYTES[type]);
        const inline = Buffer.alloc(pointerBytes);
        if (bytes.length <= pointerBytes) bytes.copy(inline);
        else encode([append(bytes)], pointerBytes).copy(inline);
        const count = type === TYPE.rational ? numbers.length / 2 : numbers.length;
        return Buffer.concat([encode([tag, type], 2), encode([count], pointerBytes), inline]);
      });
    encode([size], pointerBytes).copy(pointer);
    append(Buffer.concat([encode([entries.length], big ? 8 : 2), ...entries]));
    pointer = Buffer.alloc(pointerBytes);
    append(pointer);
  }
  return Buffer.concat(chunks);
}

export interface GreyOptions {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly rowsPerStrip?: number;
  readonly tags?: readonly Tag[];
}

/** An uncompressed uint16 page with pixels 0, 1, 2 ... (modulo 65536), in little-endian order. */
export function greyPage({ sizeX, sizeY, rowsPerStrip = sizeY, tags = [] }: GreyOptions): TiffPageParts {
  const pixels = Buffer.from(Uint16Array.from({ length: sizeX * sizeY }, (_, i) => i).buffer);
  const stripBytes = rowsPerStrip * sizeX * 2;
  const strips = Array.from({ length: Math.ceil(sizeY / rowsPerStrip) }, (_, i) =>
    pixels.subarray(i * stripBytes, (i + 1) * stripBytes),
  );
  const stated = new Set(tags.map(([tag]) => tag));
  const usual: Tag[] = [
    [256, TYPE.long, [sizeX]],
    [257, TYPE.long, [sizeY]],
    [258, TYPE.short, [16]],
    [259, TYPE.short, [1]],
    [262, TYPE.short, [1]],
    [277, TYPE.short, [1]],
    [278, TYPE.long, [rowsPerStrip]],
  ];
  return { tags: [...usual.filter(([tag]) => !stated.has(tag)), ...tags], strips };
}
