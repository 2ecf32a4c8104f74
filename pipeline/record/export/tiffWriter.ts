import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import {
  directoryBytes,
  encodeDirectory,
  encodeEntry,
  encodeHeader,
  entryAt,
  nextPointerAt,
  TAG_TYPE,
  type TagValues,
  type TiffEncoding,
} from '../../decode/tiff/directory.ts';
import { TAG } from '../../decode/tiff/ifd.ts';
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

const SAMPLE_BYTES: Readonly<Record<PixelType, number>> = { uint8: 1, uint16: 2, float32: 4 };
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
  readonly #encoding: TiffEncoding;
  readonly #planeBytes: number;
  #sizeBytes = 0;
  #planesWritten = 0;
  /** Where the description's entry, and the pointer of the last directory, are in the file. */
  #descriptionAt = 0;
  #lastPointerAt = 0;

  private constructor(path: string, file: FileHandle, form: TiffForm, options: TiffWriterOptions) {
    this.#path = path;
    this.#file = file;
    this.#form = form;
    this.#options = options;
    this.#planeBytes = form.sizeX * form.sizeY * form.samplesPerPixel * SAMPLE_BYTES[form.pixelType];
    const { planes = Infinity, big } = options;
    // A directory needs far less than 1 KB.
    const needsBig = planes * (this.#planeBytes + 1024) > MAX_CLASSIC_BYTES;
    this.#encoding = { littleEndian: true, big: big ?? needsBig };
  }

  static async open(path: string, form: TiffForm, options: TiffWriterOptions = {}): Promise<TiffWriter> {
    const file = await open(`${path}.partial`, 'w').catch((error: unknown) => {
      throw new RecordError(`${path}: cannot be written: ${messageOf(error)}`, { cause: error });
    });
    const writer = new TiffWriter(path, file, form, options);
    await writer.#append([encodeHeader(writer.#encoding)]);
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
    if (!this.#encoding.big && this.#sizeBytes + directory.length + this.#planeBytes > MAX_CLASSIC_BYTES) {
      throw new RecordError(`${this.#path}: would grow beyond the 4 GB of a TIFF file: choose BigTIFF`);
    }
    await this.#append([directory, Buffer.from(plane.data.buffer, plane.data.byteOffset, plane.data.byteLength)]);
    this.#planesWritten += 1;
  }

  /** Ends the file with what its first directory shall say. A file without planes is no TIFF file: it is removed. */
  async close(description: string): Promise<void> {
    if (this.#planesWritten === 0) return this.abandon();
    const entry = encodeEntry(
      { tag: TAG.imageDescription, type: TAG_TYPE.ascii, values: description },
      this.#sizeBytes,
      this.#encoding,
    );
    await this.#append([Buffer.from(`${description}\0`)]);
    await this.#patch(entry, this.#descriptionAt);
    await this.#patch(new Uint8Array(this.#encoding.big ? 8 : 4), this.#lastPointerAt);
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

  /** The directory of the next plane; its pixels follow it, and then the next directory. */
  #directory(): Uint8Array {
    const encoding = this.#encoding;
    const length = directoryBytes(this.#tags(0), encoding);
    const pixelsAt = this.#sizeBytes + length;
    const tags = this.#tags(pixelsAt);
    if (this.#planesWritten === 0) {
      const nth = tags.findIndex(({ tag }) => tag === TAG.imageDescription);
      this.#descriptionAt = this.#sizeBytes + entryAt(nth, encoding);
    }
    this.#lastPointerAt = this.#sizeBytes + nextPointerAt(tags, encoding);
    return encodeDirectory(tags, this.#sizeBytes, pixelsAt + evenly(this.#planeBytes), encoding);
  }

  #tags(pixelsAt: number): TagValues[] {
    const { sizeX, sizeY, samplesPerPixel, pixelType } = this.#form;
    const { resolution, software } = this.#options;
    const isFirst = this.#planesWritten === 0;
    const offsetType = this.#encoding.big ? TAG_TYPE.long8 : TAG_TYPE.long;
    const perSample = (value: number): number[] => Array<number>(samplesPerPixel).fill(value);
    const short = (tag: number, values: number[]): TagValues => ({ tag, type: TAG_TYPE.short, values });
    const long = (tag: number, value: number): TagValues => ({ tag, type: TAG_TYPE.long, values: [value] });
    const text = (tag: number, values: string): TagValues => ({ tag, type: TAG_TYPE.ascii, values });
    const rational = (tag: number, value: number): TagValues => ({
      tag,
      type: TAG_TYPE.rational,
      values: quotient(value),
    });
    const tags: TagValues[] = [
      long(TAG.newSubfileType, 0),
      long(TAG.imageWidth, sizeX),
      long(TAG.imageLength, sizeY),
      short(TAG.bitsPerSample, perSample(8 * SAMPLE_BYTES[pixelType])),
      short(TAG.compression, [1]),
      short(TAG.photometricInterpretation, [samplesPerPixel === 3 ? 2 : 1]),
      { tag: TAG.stripOffsets, type: offsetType, values: [pixelsAt] },
      short(TAG.samplesPerPixel, [samplesPerPixel]),
      long(TAG.rowsPerStrip, sizeY),
      { tag: TAG.stripByteCounts, type: offsetType, values: [this.#planeBytes] },
      short(TAG.planarConfiguration, [1]),
      short(TAG.sampleFormat, perSample(pixelType === 'float32' ? 3 : 1)),
    ];
    if (isFirst) tags.push(text(TAG.imageDescription, ''));
    if (isFirst && software) tags.push(text(TAG.software, software));
    if (resolution) {
      tags.push(rational(TAG.xResolution, resolution.x), rational(TAG.yResolution, resolution.y));
      tags.push(short(TAG.resolutionUnit, [RESOLUTION_UNIT[resolution.unit]]));
    }
    return tags.sort((a, b) => a.tag - b.tag);
  }

  /** Adds chunks, and a byte where what follows would begin on an odd one. */
  async #append(chunks: Uint8Array[]): Promise<void> {
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const padding = new Uint8Array(evenly(size) - size);
    await this.#guarded(async () => {
      const { bytesWritten } = await this.#file.writev([...chunks, padding], this.#sizeBytes);
      // A disk that is about to be full takes a part without calling that an error.
      if (bytesWritten < evenly(size)) throw new Error(`the disk took ${bytesWritten} of ${evenly(size)} bytes`);
    });
    this.#sizeBytes += evenly(size);
  }

  #patch(bytes: Uint8Array, at: number): Promise<void> {
    return this.#guarded(() => this.#file.write(bytes, 0, bytes.length, at));
  }

  async #guarded(work: () => Promise<unknown>): Promise<void> {
    await work().catch((error: unknown) => {
      throw new RecordError(`${this.#path}: cannot be written: ${messageOf(error)}`, { cause: error });
    });
  }
}

function evenly(bytes: number): number {
  return bytes + (bytes % 2);
}

/** Numerator and denominator, as fine as 32 bits allow. */
function quotient(value: number): [number, number] {
  const most = 2 ** 32 - 1;
  const digits = Math.max(0, Math.min(9, Math.floor(Math.log10(most / value))));
  const denominator = 10 ** digits;
  return [Math.min(most, Math.round(value * denominator)), denominator];
}
