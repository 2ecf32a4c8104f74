import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { messageOf, RecordError } from '../../errors.ts';
import type { PixelType, Plane } from '../../frame.ts';

/** What all planes of the file have in common. */
export interface TiffForm {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
}

export interface TiffWriterOptions {
  /** How many planes will come, at most; it decides between TIFF and BigTIFF. Unknown means BigTIFF. */
  readonly planes?: number;
  /** BigTIFF whatever the size (true), or TIFF whatever happens (false: planes beyond 4 GB are refused). */
  readonly big?: boolean;
  /** Pixels per unit along x and y, for software that reads no more than the resolution tags. */
  readonly resolution?: { readonly x: number; readonly y: number; readonly unit: 'none' | 'cm' };
  /** Name and version of the writing software. */
  readonly software?: string;
}

const TAG_TYPE = { ascii: 2, short: 3, long: 4, rational: 5, long8: 16 } as const;
const RESOLUTION_UNIT = { none: 1, cm: 3 } as const;
/** The largest offset of a TIFF file, with room for a description at its end. */
const MAX_CLASSIC_BYTES = 2 ** 32 - 64 * 2 ** 20;

/**
 * Writes planes one by one, uncompressed and little-endian, as TIFF 6.0 or BigTIFF: each directory stands right before its
 * pixels and points to where the next one will be, so a plane is one write. The description (OME-XML or ImageJ's text) may
 * depend on all planes: it comes last, and the first directory is made to point to it.
 *
 * The file has the name `PATH.partial` until `close`, which gives it its own. Every method rejects with a RecordError.
 */
export class TiffWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #form: TiffForm;
  readonly #options: TiffWriterOptions;
  readonly #big: boolean;
  readonly #planeBytes: number;
  #sizeBytes = 0;
  #planesWritten = 0;
  /** Where the description's entry, and the pointer of the last directory, are in the file. */
  #descriptionAt = 0;
  #lastPointerAt: number;

  private constructor(path: string, file: FileHandle, form: TiffForm, options: TiffWriterOptions) {
    this.#path = path;
    this.#file = file;
    this.#form = form;
    this.#options = options;
    const sampleBytes = { uint8: 1, uint16: 2, float32: 4 }[form.pixelType];
    this.#planeBytes = form.sizeX * form.sizeY * form.samplesPerPixel * sampleBytes;
    const { planes = Infinity, big } = options;
    // A directory needs far less than 1 KB.
    this.#big = big ?? planes * (this.#planeBytes + 1024) > MAX_CLASSIC_BYTES;
    this.#lastPointerAt = this.#big ? 8 : 4;
  }

  static async open(path: string, form: TiffForm, options: TiffWriterOptions = {}): Promise<TiffWriter> {
    const file = await open(`${path}.partial`, 'w').catch((error: unknown) => {
      throw new RecordError(`${path}: cannot be written: ${messageOf(error)}`, { cause: error });
    });
    const writer = new TiffWriter(path, file, form, options);
    await writer.#append([writer.#header()]);
    return writer;
  }

  get planesWritten(): number {
    return this.#planesWritten;
  }

  async writePlane(plane: Plane): Promise<void> {
    const { sizeX, sizeY, samplesPerPixel, pixelType } = this.#form;
    const same =
      plane.sizeX === sizeX &&
      plane.sizeY === sizeY &&
      plane.samplesPerPixel === samplesPerPixel &&
      plane.pixelType === pixelType;
    if (!same) {
      throw new RecordError(
        `${this.#path}: takes ${sizeX} x ${sizeY} ${pixelType} planes, not ${plane.sizeX} x ${plane.sizeY} ${plane.pixelType}`,
      );
    }
    const directory = this.#directory();
    if (!this.#big && this.#sizeBytes + directory.length + this.#planeBytes > MAX_CLASSIC_BYTES) {
      throw new RecordError(`${this.#path}: would grow beyond the 4 GB of a TIFF file: choose BigTIFF`);
    }
    await this.#append([directory, Buffer.from(plane.data.buffer, plane.data.byteOffset, plane.data.byteLength)]);
    this.#planesWritten += 1;
  }

  /** Ends the file with what its first directory shall say. A file without planes is no TIFF file: it is removed. */
  async close(description: string): Promise<void> {
    if (this.#planesWritten === 0) return this.abandon();
    const text = Buffer.from(`${description}\0`);
    const entry = Buffer.alloc(this.#entryBytes);
    this.#putEntry(entry, 0, 270, TAG_TYPE.ascii, text.length, this.#sizeBytes);
    await this.#append([text]);
    await this.#patch(entry, this.#descriptionAt);
    await this.#patch(Buffer.alloc(this.#pointerBytes), this.#lastPointerAt);
    await this.#guarded(async () => {
      await this.#file.close();
      await rename(`${this.#path}.partial`, this.#path);
    });
  }

  /** Gives the file up and removes it. */
  async abandon(): Promise<void> {
    await this.#guarded(async () => {
      await this.#file.close();
      await rm(`${this.#path}.partial`, { force: true });
    });
  }

  get #pointerBytes(): number {
    return this.#big ? 8 : 4;
  }

  get #entryBytes(): number {
    return this.#big ? 20 : 12;
  }

  #header(): Buffer {
    const header = Buffer.alloc(this.#big ? 16 : 8);
    header.write('II', 'latin1');
    header.writeUInt16LE(this.#big ? 43 : 42, 2);
    if (this.#big) header.writeUInt16LE(8, 4);
    this.#putPointer(header, header.length, header.length - this.#pointerBytes);
    return header;
  }

  /** The directory of the next plane, with its values behind it; its pixels follow. */
  #directory(): Buffer {
    const { sizeX, sizeY, samplesPerPixel, pixelType } = this.#form;
    const { resolution, software } = this.#options;
    const isFirst = this.#planesWritten === 0;
    const bits = { uint8: 8, uint16: 16, float32: 32 }[pixelType];
    const offsetType = this.#big ? TAG_TYPE.long8 : TAG_TYPE.long;
    const PIXELS_FOLLOW = -1;
    const tags: [tag: number, type: number, values: number[] | string][] = [
      [254, TAG_TYPE.long, [0]],
      [256, TAG_TYPE.long, [sizeX]],
      [257, TAG_TYPE.long, [sizeY]],
      [258, TAG_TYPE.short, Array<number>(samplesPerPixel).fill(bits)],
      [259, TAG_TYPE.short, [1]],
      [262, TAG_TYPE.short, [samplesPerPixel === 3 ? 2 : 1]],
      [273, offsetType, [PIXELS_FOLLOW]],
      [277, TAG_TYPE.short, [samplesPerPixel]],
      [278, TAG_TYPE.long, [sizeY]],
      [279, offsetType, [this.#planeBytes]],
      [284, TAG_TYPE.short, [1]],
      [339, TAG_TYPE.short, Array<number>(samplesPerPixel).fill(pixelType === 'float32' ? 3 : 1)],
    ];
    if (isFirst) tags.push([270, TAG_TYPE.ascii, '']);
    if (isFirst && software) tags.push([305, TAG_TYPE.ascii, software]);
    if (resolution) {
      tags.push(
        [282, TAG_TYPE.rational, rational(resolution.x)],
        [283, TAG_TYPE.rational, rational(resolution.y)],
        [296, TAG_TYPE.short, [RESOLUTION_UNIT[resolution.unit]]],
      );
    }
    tags.sort(([a], [b]) => a - b);

    const encoded = tags.map(([, type, values]) => encodeValues(type, values));
    const countBytes = this.#big ? 8 : 2;
    const ifdBytes = countBytes + tags.length * this.#entryBytes + this.#pointerBytes;
    const outside = encoded.filter((bytes) => bytes.length > this.#pointerBytes);
    const size = ifdBytes + outside.reduce((sum, bytes) => sum + bytes.length, 0);
    // Pixels on an even byte, as TIFF 6.0 asks for.
    const directory = Buffer.alloc(size + (size % 2));
    if (this.#big) directory.writeBigUInt64LE(BigInt(tags.length));
    else directory.writeUInt16LE(tags.length);

    let outsideAt = ifdBytes;
    tags.forEach(([tag, type, values], i) => {
      const at = countBytes + i * this.#entryBytes;
      const bytes = encoded[i];
      const count = typeof values === 'string' ? bytes.length : type === TAG_TYPE.rational ? 1 : values.length;
      if (values[0] === PIXELS_FOLLOW) {
        this.#putEntry(directory, at, tag, type, 1, this.#sizeBytes + directory.length);
      } else if (bytes.length > this.#pointerBytes) {
        this.#putEntry(directory, at, tag, type, count, this.#sizeBytes + outsideAt);
        outsideAt += bytes.copy(directory, outsideAt);
      } else {
        this.#putEntry(directory, at, tag, type, count, 0);
        bytes.copy(directory, at + this.#entryBytes - this.#pointerBytes);
      }
      if (tag === 270) this.#descriptionAt = this.#sizeBytes + at;
    });
    const pointerAt = ifdBytes - this.#pointerBytes;
    this.#lastPointerAt = this.#sizeBytes + pointerAt;
    this.#putPointer(directory, this.#evenEnd(directory.length), pointerAt);
    return directory;
  }

  /** Where the next directory will be, once a directory of this length and its pixels are written. */
  #evenEnd(directoryBytes: number): number {
    return this.#sizeBytes + directoryBytes + this.#planeBytes + (this.#planeBytes % 2);
  }

  #putEntry(target: Buffer, at: number, tag: number, type: number, count: number, offset: number): void {
    target.writeUInt16LE(tag, at);
    target.writeUInt16LE(type, at + 2);
    this.#putPointer(target, count, at + 4);
    this.#putPointer(target, offset, at + 4 + this.#pointerBytes);
  }

  #putPointer(target: Buffer, value: number, at: number): void {
    if (this.#big) target.writeBigUInt64LE(BigInt(value), at);
    else target.writeUInt32LE(value, at);
  }

  async #append(chunks: Buffer[]): Promise<void> {
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const padded = size % 2 === 0 ? chunks : [...chunks, Buffer.alloc(1)];
    await this.#guarded(() => this.#file.writev(padded, this.#sizeBytes));
    this.#sizeBytes += size + (size % 2);
  }

  #patch(bytes: Buffer, at: number): Promise<void> {
    return this.#guarded(() => this.#file.write(bytes, 0, bytes.length, at));
  }

  async #guarded(work: () => Promise<unknown>): Promise<void> {
    await work().catch((error: unknown) => {
      throw new RecordError(`${this.#path}: cannot be written: ${messageOf(error)}`, { cause: error });
    });
  }
}

function encodeValues(type: number, values: readonly number[] | string): Buffer {
  if (typeof values === 'string') return Buffer.from(`${values}\0`);
  if (type === TAG_TYPE.short) return Buffer.from(Uint16Array.from(values).buffer);
  if (type === TAG_TYPE.long8)
    return Buffer.from(BigUint64Array.from(values, (value) => BigInt(Math.max(0, value))).buffer);
  return Buffer.from(Uint32Array.from(values).buffer);
}

/** Numerator and denominator, as fine as 32 bits allow. */
function rational(value: number): [number, number] {
  const digits = Math.max(0, Math.min(9, Math.floor(Math.log10((2 ** 32 - 1) / value))));
  const denominator = 10 ** digits;
  return [Math.min(2 ** 32 - 1, Math.round(value * denominator)), denominator];
}
