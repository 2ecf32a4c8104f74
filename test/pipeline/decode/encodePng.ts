import { crc32, deflateSync } from 'node:zlib';

/** Colour types of PNG. */
export const PNG_COLOUR = { grey: 0, rgb: 2, greyAlpha: 4, rgba: 6 } as const;

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

export interface PngPicture {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly bitDepth: 8 | 16;
  readonly colour: number;
  /** Row by row, samples interleaved. */
  readonly samples: ArrayLike<number>;
}

/** The simplest PNG there is (rows unfiltered), and so a truth to compare with: no imaging library has a part in it. */
export function encodePng({ sizeX, sizeY, bitDepth, colour, samples }: PngPicture): Buffer {
  const rowSamples = sizeX * SAMPLES[colour];
  const sampleBytes = bitDepth / 8;
  const rows = Buffer.alloc(sizeY * (1 + rowSamples * sampleBytes));
  for (let y = 0, at = 0; y < sizeY; y++) {
    at += 1; // The filter of the row: none.
    for (let i = 0; i < rowSamples; i++) at = rows.writeUIntBE(samples[y * rowSamples + i], at, sampleBytes);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sizeX, 0);
  header.writeUInt32BE(sizeY, 4);
  header.set([bitDepth, colour, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')]);
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(typed.length + 8);
  out.writeUInt32BE(data.length, 0);
  typed.copy(out, 4);
  out.writeUInt32BE(crc32(typed), typed.length + 4);
  return out;
}
