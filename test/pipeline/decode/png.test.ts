import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoderFor, decodePayload } from '../../../pipeline/decode/registry.ts';
import type { Decoded } from '../../../pipeline/ports.ts';
import { encodePng, PNG_COLOUR } from './encodePng.ts';

const decode = (bytes: Uint8Array, limits?: { maxPixels: number; maxFileBytes: number }): Promise<Decoded> =>
  decodePayload({ kind: 'bytes', bytes, page: 0 }, 'cell.png', limits);

const CASES = [
  ['grey', 8, 1, 'uint8', 1],
  ['grey', 16, 1, 'uint16', 1],
  ['rgb', 8, 3, 'uint8', 3],
  ['rgb', 16, 3, 'uint16', 3],
  ['greyAlpha', 16, 2, 'uint16', 1],
  ['rgba', 8, 4, 'uint8', 3],
] as const;

describe('PNG', () => {
  it.each(CASES)('%s of %i bits is read to the bit', async (colour, bitDepth, stored, pixelType, samplesPerPixel) => {
    const [sizeX, sizeY] = [31, 17];
    const all = Array.from({ length: sizeX * sizeY * stored }, (_, i) => (i * 40503) % 2 ** bitDepth);
    const png = encodePng({ sizeX, sizeY, bitDepth, colour: PNG_COLOUR[colour], samples: all });
    const { plane } = await decode(png);
    const withoutAlpha = all.filter((_, i) => i % stored < samplesPerPixel);
    expect(plane).toMatchObject({ sizeX, sizeY, pixelType, samplesPerPixel });
    expect(Array.from(plane.data)).toEqual(withoutAlpha);
  });

  it('is refused at every length but its own, never padded', async () => {
    const samples = Array.from({ length: 400 }, (_, i) => (i * 7919) % 65536);
    const png = encodePng({ sizeX: 20, sizeY: 20, bitDepth: 16, colour: PNG_COLOUR.grey, samples });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: png.length - 13 }), async (length) => {
        await expect(decode(png.subarray(0, length))).rejects.toThrow(/^cell\.png: /);
      }),
      { numRuns: 60 },
    );
  });

  it('is refused before its pixels take memory when it is larger than allowed', async () => {
    const png = encodePng({ sizeX: 1100, sizeY: 1000, bitDepth: 8, colour: PNG_COLOUR.grey, samples: { length: 0 } });
    await expect(decode(png, { maxPixels: 1_000_000, maxFileBytes: 1 << 20 })).rejects.toThrow(/cell\.png: .*pixel/);
    await expect(decode(png, { maxPixels: 1 << 30, maxFileBytes: 100 })).rejects.toThrow(/more than the 100/);
  });

  it('is recognised by its content', async () => {
    const png = encodePng({ sizeX: 1, sizeY: 1, bitDepth: 8, colour: PNG_COLOUR.grey, samples: [1] });
    expect((await decoderFor(png))?.id).toBe('png');
    expect(await decoderFor(png.subarray(0, 4))).toBeUndefined();
  });
});
