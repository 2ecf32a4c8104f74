import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planeCodec } from '../../../pipeline/record/codec.ts';
import { crc32c } from '../../../pipeline/record/crc32c.ts';

describe('CRC-32C', () => {
  it('has the check value of its definition', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array())).toBe(0);
    // RFC 3720, B.4: 32 bytes of ones.
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });

  it('goes on from part to part', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 }), (a, b) => {
        expect(crc32c(b, crc32c(a))).toBe(crc32c(Uint8Array.from([...a, ...b])));
      }),
    );
  });
});

describe.each(['none', 'blosc', 'zstd'] as const)('the codec %s', (name) => {
  const codec = planeCodec(name);

  it('gives back what it was given, compressed or in a hurry', async () => {
    const pixels = fc.uint8Array({ minLength: 4, maxLength: 4000 });
    await fc.assert(
      fc.asyncProperty(pixels, fc.boolean(), async (bytes, hurried) => {
        const stored = Buffer.concat(hurried ? await codec.encodePlain(bytes) : await codec.encode(bytes));
        expect(Buffer.compare(await codec.decode(stored), bytes)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a plane with one bit changed', async () => {
    const stored = Buffer.concat(await codec.encode(new Uint8Array(64).fill(7)));
    stored[3]! ^= 4;
    await expect(codec.decode(stored)).rejects.toThrow(/checksum/);
  });
});
