import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countPages, decodePayload } from '../../../pipeline/decode/registry.ts';
import { DecodeError } from '../../../pipeline/errors.ts';
import type { Plane } from '../../../pipeline/frame.ts';
import { buildTiff, greyPage, type Tag, type TiffPageParts, TYPE } from './buildTiff.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const decode = async (bytes: Uint8Array, page = 0): Promise<Plane> =>
  (await decodePayload({ kind: 'bytes', bytes, page }, 'cell.tif')).plane;

/** The plane, or the error that refused it. Anything that is not a DecodeError naming the file fails the test. */
async function decodedOrRefused(bytes: Uint8Array, page = 0): Promise<Plane | DecodeError> {
  try {
    return await decode(bytes, page);
  } catch (error) {
    if (error instanceof DecodeError && error.message.startsWith('cell.tif: ')) return error;
    throw error;
  }
}

const folder = temporaryFolder('hostile');

async function countInFile(name: string, bytes: Uint8Array): Promise<number> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return countPages(path);
}

const page = greyPage({ sizeX: 12, sizeY: 10, rowsPerStrip: 4 });

/** The same pixels, as strips of deflate, or of PackBits in literal runs. */
function compressed(method: 'deflate' | 'packBits'): TiffPageParts {
  const strips = page.strips.map((strip) => {
    if (method === 'deflate') return deflateSync(strip);
    const runs: Uint8Array[] = [];
    for (let i = 0; i < strip.length; i += 128) {
      const literal = strip.subarray(i, i + 128);
      runs.push(Uint8Array.of(literal.length - 1), literal);
    }
    return Buffer.concat(runs);
  });
  const tags = page.tags.map((tag): Tag =>
    tag[0] === 259 ? [259, TYPE.short, [method === 'deflate' ? 8 : 32773]] : tag,
  );
  return { tags, strips };
}

const FILES: Readonly<Record<string, Buffer>> = {
  'uncompressed, little-endian': buildTiff({ pages: [page] }),
  'uncompressed, two pages': buildTiff({ pages: [page, page] }),
  BigTIFF: buildTiff({ pages: [page], big: true }),
  deflate: buildTiff({ pages: [compressed('deflate')] }),
  PackBits: buildTiff({ pages: [compressed('packBits')] }),
};

describe('A TIFF file that was cut off', () => {
  it.each(Object.entries(FILES))('%s: is refused or read right at every length', async (_, whole) => {
    const truth = Array.from((await decode(whole)).data);
    expect(truth).toEqual(Array.from({ length: 120 }, (__, i) => i));
    for (let length = 0; length < whole.length; length++) {
      const outcome = await decodedOrRefused(whole.subarray(0, length));
      if (!(outcome instanceof DecodeError)) expect(Array.from(outcome.data), `${length} bytes`).toEqual(truth);
    }
  });

  it('is worth another try as a file, and none as bytes that arrived', async () => {
    const half = FILES['uncompressed, little-endian'].subarray(0, 100);
    await expect(countInFile('half.tif', half)).rejects.toMatchObject({ tag: 'decode', retryable: true });
    await expect(decode(half)).rejects.toMatchObject({ tag: 'decode', retryable: false });
    await expect(countInFile('empty.tif', Buffer.alloc(0))).rejects.toMatchObject({ retryable: true });
    await expect(countInFile('text.tif', Buffer.from('not a picture at all'))).rejects.toMatchObject({
      retryable: false,
    });
  });

  it('keeps its complete pages', async () => {
    const three = buildTiff({ pages: [page, page, page] });
    const counts: number[] = [];
    for (let length = 300; length < three.length; length += 37) {
      counts.push(await countInFile('three.tif', three.subarray(0, length)).catch(() => 0));
    }
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(counts)).toEqual(new Set([0, 1, 2]));
    expect(await countInFile('three.tif', three)).toBe(3);
  });
});

describe('A TIFF file that lies', () => {
  const withTags = (...tags: Tag[]): Buffer => buildTiff({ pages: [greyPage({ sizeX: 12, sizeY: 10, tags })] });

  it('in a loop of directories is refused', async () => {
    const file = buildTiff({ pages: [page, page, page] });
    const first = file.readUInt32LE(4);
    const looping = Buffer.from(file);
    looping.writeUInt32LE(first, file.length - 4); // The last directory points to the first.
    await expect(countInFile('loop.tif', looping)).rejects.toThrow(/loop\.tif: .*loop/);
    await expect(decode(looping, 5)).rejects.toThrow(/cell\.tif: .*loop/);
    const selfish = Buffer.from(FILES['uncompressed, little-endian']);
    selfish.writeUInt32LE(selfish.readUInt32LE(4), selfish.length - 4);
    await expect(decode(selfish)).rejects.toThrow(/loop/);
  });

  it.each<[string, RegExp, Buffer]>([
    [
      'about its size',
      /30000 x 30000 pixels, more than/,
      withTags([256, TYPE.long, [30000]], [257, TYPE.long, [30000]], [278, TYPE.long, [30000]], [259, TYPE.short, [8]]),
    ],
    ['with a size of nothing', /0 x 10 pixels/, withTags([256, TYPE.long, [0]])],
    ['with 4 billion rows', /more than|strips/, withTags([257, TYPE.long, [0xffffffff]], [278, TYPE.long, [1]])],
    ['with too few strips', /3 strips|1 strips where/, withTags([278, TYPE.long, [2]])],
    ['with strips of no rows', /strips or tiles of 12 x 0/, withTags([278, TYPE.long, [0]])],
    ['with 60000 samples', /60000 samples/, withTags([277, TYPE.short, [60000]])],
    ['with tiles of no width', /0 x 16/, withTags([322, TYPE.long, [0]], [323, TYPE.long, [16]])],
  ])('%s is refused', async (_, problem, file) => {
    await expect(decode(file)).rejects.toThrow(problem);
  });

  it.each<[string, RegExp, Tag]>([
    ['MinIsWhite', /MinIsWhite/, [262, TYPE.short, [0]]],
    ['a palette of many colours', /palette/, [262, TYPE.short, [3]]],
    ['JPEG inside', /compressed with JPEG/, [259, TYPE.short, [7]]],
    ['an unknown method', /method 4711/, [259, TYPE.short, [4711]]],
    ['12 bits packed', /uint12 pixels/, [258, TYPE.short, [12]]],
    ['uint32', /uint32 pixels/, [258, TYPE.short, [32]]],
    ['reversed bits', /FillOrder 2/, [266, TYPE.short, [2]]],
    ['complex numbers', /sample format 5/, [339, TYPE.short, [5]]],
  ])('%s is refused by name, for good', async (_, problem, tag) => {
    const { tags } = greyPage({ sizeX: 12, sizeY: 10, tags: [tag] });
    const file = buildTiff({ pages: [{ tags, strips: [Buffer.alloc(12 * 10 * 4)] }] });
    await expect(decode(file)).rejects.toThrow(problem);
    await expect(decode(file)).rejects.toMatchObject({ retryable: false });
  });

  it('and inflates to 200 MB costs no more than its own pixels', async () => {
    const bomb = deflateSync(Buffer.alloc(200 * 1024 * 1024));
    const tags: Tag[] = [[259, TYPE.short, [8]]];
    const small = greyPage({ sizeX: 512, sizeY: 512, tags });
    const before = process.memoryUsage().rss;
    const file = buildTiff({ pages: [{ tags: small.tags, strips: [bomb] }] });
    const outcome = await decodedOrRefused(file);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
    // Either is right: the first 512 x 512 pixels of the strip, or a refusal.
    if (!(outcome instanceof DecodeError)) expect(outcome.data.length).toBe(512 * 512);
  });

  it('and promises a large picture in a few bytes is refused before memory is taken', async () => {
    const lies = [256, 257, 278].map((tag): Tag => [tag, TYPE.long, [8000]]);
    const { tags } = greyPage({ sizeX: 12, sizeY: 10, tags: [...lies, [259, TYPE.short, [8]]] });
    const file = buildTiff({ pages: [{ tags, strips: [deflateSync(Buffer.alloc(1000))] }] });
    await expect(decode(file)).rejects.toThrow(/compressed bytes where its pixels need/);
  });

  it(
    'anywhere in its first bytes or its directory is refused or gives a picture of its size',
    { timeout: 60_000 },
    async () => {
      for (const [name, whole] of Object.entries(FILES)) {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
            async (changes) => {
              const mutant = Buffer.from(whole);
              for (const [at, byte] of changes) mutant[at] = byte;
              const outcome = await decodedOrRefused(mutant);
              if (outcome instanceof DecodeError) return;
              expect(outcome.data.length, name).toBe(outcome.sizeX * outcome.sizeY * outcome.samplesPerPixel);
            },
          ),
          { numRuns: 100 },
        );
      }
    },
  );
});
