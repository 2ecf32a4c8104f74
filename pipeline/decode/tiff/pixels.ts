import type { PixelArray, PixelType, Plane } from '../../frame.ts';
import { type ByteSource, refused } from '../byteSource.ts';
import type { DecodeLimits } from '../limits.ts';
import type { Ifd } from './ifd.ts';
import { paletteShowsIntensity } from './palette.ts';
import { COMPRESSION, segmentRowBytes, segmentRows, segmentsPerSamplePlane, type TiffLayout } from './layout.ts';

/** Sample type as it is stored. Signed integers have no place among the pixel types: they become float32, exactly. */
type StoredType = PixelType | 'int8' | 'int16';

const READ_COMPRESSIONS: readonly number[] = Object.values(COMPRESSION);
const NAMES_OF_COMPRESSIONS: Readonly<Record<number, string>> = {
  2: 'CCITT', 3: 'CCITT fax 3', 4: 'CCITT fax 4', 6: 'old JPEG', 7: 'JPEG', 33003: 'JPEG 2000', 33005: 'JPEG 2000',
  34712: 'JPEG 2000', 34925: 'LZMA', 50000: 'Zstandard', 50001: 'WebP', 50002: 'JPEG XL', 52546: 'JPEG XL',
}; // prettier-ignore

/** The pixels of one page. Throws a DecodeError that names what cannot be read. */
export async function readPixels(
  source: ByteSource,
  ifd: Ifd,
  layout: TiffLayout,
  limits: DecodeLimits,
): Promise<Plane> {
  const { sizeX, sizeY } = layout;
  if (sizeX * sizeY > limits.maxPixels) {
    throw refused(source, `has ${sizeX} x ${sizeY} pixels, more than the ${limits.maxPixels} that are allowed`);
  }
  const stored = storedType(source, layout);
  const samplesPerPixel = await samplesOf(source, ifd, layout);
  // Loaded when it is first needed: uncompressed files never wait for sharp.
  const readSamplePlane =
    layout.compression === COMPRESSION.none ? readUncompressed : (await import('./compressed.ts')).readCompressed;

  const planes: PixelArray[] = [];
  for (let sample = 0; sample < (layout.planar ? samplesPerPixel : 1); sample++) {
    const bytes = await readSamplePlane(
      source,
      ifd.header.littleEndian,
      layout,
      sample * segmentsPerSamplePlane(layout),
    );
    planes.push(toPixels(bytes, stored));
  }
  const data = layout.planar ? interleave(planes) : planes[0];
  const pixelType = stored === 'int8' || stored === 'int16' ? 'float32' : stored;
  return { sizeX, sizeY, samplesPerPixel, pixelType, data };
}

function storedType(source: ByteSource, layout: TiffLayout): StoredType {
  const { bitsPerSample, sampleFormat, compression, fillOrder } = layout;
  if (!READ_COMPRESSIONS.includes(compression)) {
    throw refused(
      source,
      `is compressed with ${NAMES_OF_COMPRESSIONS[compression] ?? `method ${compression}`}, which is not read`,
    );
  }
  if (fillOrder !== 1) throw refused(source, 'stores the bits of a byte in reverse (FillOrder 2), which is not read');
  const kind = { 1: 'uint', 2: 'int', 3: 'float', 4: 'uint' }[sampleFormat] ?? `sample format ${sampleFormat} of `;
  const name = `${kind}${bitsPerSample}`;
  if (name === 'uint8' || name === 'uint16' || name === 'float32' || name === 'int8' || name === 'int16') return name;
  throw refused(source, `has ${name} pixels, which are not read (uint8, uint16, float32, int8 and int16 are)`);
}

const MIN_IS_WHITE = 0;
const MIN_IS_BLACK = 1;
const RGB = 2;
const PALETTE = 3;

async function samplesOf(source: ByteSource, ifd: Ifd, layout: TiffLayout): Promise<1 | 3> {
  const { photometricInterpretation, samplesPerPixel } = layout;
  if (photometricInterpretation === MIN_IS_WHITE) {
    throw refused(source, 'stores intensities inverted (MinIsWhite): save it again as MinIsBlack');
  }
  if (photometricInterpretation === MIN_IS_BLACK && samplesPerPixel === 1) return 1;
  if (photometricInterpretation === RGB && samplesPerPixel === 3) return 3;
  if (photometricInterpretation === PALETTE && samplesPerPixel === 1) {
    if (await paletteShowsIntensity(source, ifd)) return 1;
    throw refused(source, 'has a palette whose colours are no scale of intensity: save it as grey or RGB');
  }
  throw refused(
    source,
    `has ${samplesPerPixel} samples a pixel with photometric interpretation ${photometricInterpretation}, which is not read (grey and RGB are)`,
  );
}

/** Samples in the machine's byte order, row by row. Nothing is decoded on the way: strips are read right into place. */
async function readUncompressed(
  source: ByteSource,
  littleEndian: boolean,
  layout: TiffLayout,
  firstSegment: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const segments = layout.segments.slice(firstSegment, firstSegment + segmentsPerSamplePlane(layout));
  const rowBytes = (layout.sizeX * segmentRowBytes(layout)) / layout.segmentX;
  const samples = new Uint8Array(rowBytes * layout.sizeY);
  if (layout.tiled) {
    await readTiles(source, layout, segments, samples, rowBytes);
  } else {
    let at = 0;
    for (const run of joined(segments)) {
      await source.readInto(samples.subarray(at, at + run.sizeBytes), run.offset);
      at += run.sizeBytes;
    }
  }
  // Node runs on little-endian machines.
  const bytesPerSample = layout.bitsPerSample / 8;
  if (!littleEndian && bytesPerSample === 2) Buffer.from(samples.buffer).swap16();
  if (!littleEndian && bytesPerSample === 4) Buffer.from(samples.buffer).swap32();
  return samples;
}

/** Strips that follow one another in the file, as one read. */
function joined(segments: TiffLayout['segments']): { offset: number; sizeBytes: number }[] {
  const runs: { offset: number; sizeBytes: number }[] = [];
  for (const { offset, sizeBytes } of segments) {
    const last = runs.at(-1);
    if (last && last.offset + last.sizeBytes === offset) last.sizeBytes += sizeBytes;
    else runs.push({ offset, sizeBytes });
  }
  return runs;
}

/** Tiles at the right and lower edge reach beyond the picture: what lies outside is left out. */
async function readTiles(
  source: ByteSource,
  layout: TiffLayout,
  tiles: TiffLayout['segments'],
  samples: Uint8Array,
  rowBytes: number,
): Promise<void> {
  const tileRowBytes = segmentRowBytes(layout);
  const tilesAcross = Math.ceil(layout.sizeX / layout.segmentX);
  for (const [i, { offset }] of tiles.entries()) {
    const left = (i % tilesAcross) * tileRowBytes;
    const top = Math.floor(i / tilesAcross) * layout.segmentY;
    const usedBytes = Math.min(tileRowBytes, rowBytes - left);
    const usedRows = Math.min(segmentRows(layout, i), layout.sizeY - top);
    const tile = new Uint8Array(usedRows * tileRowBytes);
    await source.readInto(tile, offset);
    for (let row = 0; row < usedRows; row++) {
      const at = row * tileRowBytes;
      samples.set(tile.subarray(at, at + usedBytes), (top + row) * rowBytes + left);
    }
  }
}

function toPixels(bytes: Uint8Array<ArrayBuffer>, stored: StoredType): PixelArray {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (stored) {
    case 'uint8':
      return bytes;
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, byteLength / 2);
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'int8':
      return Float32Array.from(new Int8Array(buffer, byteOffset, byteLength));
    case 'int16':
      return Float32Array.from(new Int16Array(buffer, byteOffset, byteLength / 2));
  }
}

/** RRR... GGG... BBB... to RGBRGB... */
function interleave(planes: readonly PixelArray[]): PixelArray {
  const [first] = planes as [PixelArray];
  const pixels = new (first.constructor as new (length: number) => PixelArray)(first.length * planes.length);
  planes.forEach((plane, sample) => {
    for (let i = 0; i < plane.length; i++) pixels[i * planes.length + sample] = plane[i];
  });
  return pixels;
}
