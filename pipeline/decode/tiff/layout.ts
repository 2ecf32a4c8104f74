import { type ByteSource, refused, torn } from '../byteSource.ts';
import { type Ifd, readNumbers, TAG } from './ifd.ts';

/** Where and how the samples of one page are stored. */
export interface TiffLayout {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: number;
  readonly bitsPerSample: number;
  readonly sampleFormat: number;
  readonly compression: number;
  readonly photometricInterpretation: number;
  readonly fillOrder: number;
  readonly predictor: number;
  /** True when each sample has a plane of its own (RRR... GGG... BBB...) instead of RGBRGB... */
  readonly planar: boolean;
  readonly tiled: boolean;
  /** Pixels of a strip or tile; the last strip may have fewer rows, tiles are always whole. */
  readonly segmentX: number;
  readonly segmentY: number;
  /** Strips or tiles in reading order, for planar pages one sample after the other. */
  readonly segments: readonly Segment[];
}

/** A strip or tile in the file. */
export interface Segment {
  readonly offset: number;
  readonly sizeBytes: number;
}

export const COMPRESSION = { none: 1, lzw: 5, deflate: 8, packBits: 32773, oldDeflate: 32946 } as const;

const MAX_SEGMENTS = 1 << 20;

/** Throws when the page describes no picture; says nothing yet about whether its pixels are of a type that is read. */
export async function readLayout(source: ByteSource, ifd: Ifd): Promise<TiffLayout> {
  const number = async (tag: number, fallback: number): Promise<number> =>
    (await readNumbers(source, ifd, tag, 1))[0] ?? fallback;

  const sizeX = await number(TAG.imageWidth, 0);
  const sizeY = await number(TAG.imageLength, 0);
  const samplesPerPixel = await number(TAG.samplesPerPixel, 1);
  if (!(sizeX > 0 && sizeY > 0)) throw refused(source, `describes a picture of ${sizeX} x ${sizeY} pixels`);
  if (!(samplesPerPixel >= 1 && samplesPerPixel <= 16))
    throw refused(source, `claims ${samplesPerPixel} samples a pixel`);
  const bits = await readNumbers(source, ifd, TAG.bitsPerSample, samplesPerPixel);
  if (new Set(bits).size > 1) throw refused(source, `mixes samples of ${bits.join(', ')} bits`);

  const tiled = ifd.entries.has(TAG.tileWidth);
  const segmentX = tiled ? await number(TAG.tileWidth, 0) : sizeX;
  const segmentY = tiled ? await number(TAG.tileLength, 0) : Math.min(await number(TAG.rowsPerStrip, sizeY), sizeY);
  if (!(segmentX > 0 && segmentY > 0)) throw refused(source, `has strips or tiles of ${segmentX} x ${segmentY} pixels`);

  const form = {
    sizeX,
    sizeY,
    samplesPerPixel,
    bitsPerSample: bits[0] ?? 1,
    sampleFormat: await number(TAG.sampleFormat, 1),
    compression: await number(TAG.compression, COMPRESSION.none),
    photometricInterpretation: await number(TAG.photometricInterpretation, samplesPerPixel === 3 ? 2 : 1),
    fillOrder: await number(TAG.fillOrder, 1),
    predictor: await number(TAG.predictor, 1),
    planar: samplesPerPixel > 1 && (await number(TAG.planarConfiguration, 1)) === 2,
    tiled,
    segmentX,
    segmentY,
  };
  return { ...form, segments: await readSegments(source, ifd, form) };
}

async function readSegments(source: ByteSource, ifd: Ifd, form: Omit<TiffLayout, 'segments'>): Promise<Segment[]> {
  const kind = form.tiled ? 'tiles' : 'strips';
  const count = segmentsPerSamplePlane(form) * (form.planar ? form.samplesPerPixel : 1);
  if (count > MAX_SEGMENTS) throw refused(source, `claims ${count} ${kind} in one page`);
  const offsets = await readNumbers(source, ifd, form.tiled ? TAG.tileOffsets : TAG.stripOffsets, count);
  const sizes = await readNumbers(source, ifd, form.tiled ? TAG.tileByteCounts : TAG.stripByteCounts, count);
  if (offsets.length < count) throw refused(source, `has ${offsets.length} ${kind} where its size needs ${count}`);

  return offsets.map((offset, i) => {
    const stated = sizes[i];
    if (form.compression !== COMPRESSION.none) return { offset, sizeBytes: stated ?? 0 };
    // Some writers round the size of the last strip up, and some leave the sizes out: the geometry knows better.
    const sizeBytes = uncompressedBytes(form, i);
    if (stated !== undefined && stated < sizeBytes) {
      throw torn(source, `has ${stated} bytes in one of its ${kind} where ${sizeBytes} are needed`);
    }
    return { offset, sizeBytes };
  });
}

/** True when every strip or tile lies inside the source, moved on by `shift` bytes. */
export function isInside(source: ByteSource, { segments }: TiffLayout, shift = 0): boolean {
  return segments.every(
    ({ offset, sizeBytes }) => offset > 0 && sizeBytes > 0 && offset + shift + sizeBytes <= source.sizeBytes,
  );
}

type Form = Pick<
  TiffLayout,
  'sizeX' | 'sizeY' | 'segmentX' | 'segmentY' | 'tiled' | 'planar' | 'samplesPerPixel' | 'bitsPerSample'
>;

export function segmentsPerSamplePlane({ sizeX, sizeY, segmentX, segmentY }: Form): number {
  return Math.ceil(sizeX / segmentX) * Math.ceil(sizeY / segmentY);
}

/** Rows of pixels in segment `i`: the last strip holds what is left, a tile is always whole. */
export function segmentRows(form: Form, i: number): number {
  if (form.tiled) return form.segmentY;
  return Math.min(form.segmentY, form.sizeY - (i % segmentsPerSamplePlane(form)) * form.segmentY);
}

/** Bytes of one row of a segment; rows begin on a byte. */
export function segmentRowBytes(form: Form): number {
  return Math.ceil((form.segmentX * (form.planar ? 1 : form.samplesPerPixel) * form.bitsPerSample) / 8);
}

function uncompressedBytes(form: Form, i: number): number {
  return segmentRows(form, i) * segmentRowBytes(form);
}
