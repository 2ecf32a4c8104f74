import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByteSource, memorySource, openFile } from '../../../pipeline/decode/byteSource.ts';
import { countPages, decodePayload } from '../../../pipeline/decode/registry.ts';
import { TiffPageTable } from '../../../pipeline/decode/tiff/pageTable.ts';
import { buildTiff, greyPage, TYPE } from './buildTiff.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('stack');

const SIZE = { sizeX: 8, sizeY: 6 };
const PLANE_BYTES = SIZE.sizeX * SIZE.sizeY * 2;

/** Pages that can be told apart: their first pixel is their number. */
function stack(pages: number): Buffer {
  return buildTiff({
    pages: Array.from({ length: pages }, (_, number) => {
      const { tags, strips } = greyPage(SIZE);
      const strip = Buffer.from(strips[0]);
      strip.writeUInt16LE(number, 0);
      return { tags, strips: [strip] };
    }),
  });
}

const firstPixel = async (path: string, page: number): Promise<number> =>
  (await decodePayload({ kind: 'file', path, page }, path)).plane.data[0];

/** Counts what is read through it. */
function counted(source: ByteSource): ByteSource & { reads: number } {
  const counting = {
    ...source,
    reads: 0,
    readInto: (target: Uint8Array, offset: number): Promise<void> => {
      counting.reads += 1;
      return source.readInto(target, offset);
    },
  };
  return counting;
}

describe('A stack that grows while it is read', () => {
  it('has as many pages as are complete, whatever the pieces it is written in', async () => {
    const whole = stack(12);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 12 }), async (pieces) => {
        const path = join(folder, `growing-${run++}.tif`);
        writeFileSync(path, '');
        let at = 0;
        let before = 0;
        for (const piece of [...pieces, whole.length]) {
          appendFileSync(path, whole.subarray(at, at + piece));
          at += piece;
          const pages = await countPages(path).catch((error: { retryable: boolean }) => {
            expect(error.retryable).toBe(true);
            return 0;
          });
          expect(pages).toBeGreaterThanOrEqual(before);
          if (pages > 0) expect(await firstPixel(path, pages - 1)).toBe(pages - 1);
          before = pages;
        }
        expect(before).toBe(12);
      }),
      { numRuns: 15 },
    );
  });

  it('is not walked again: the table goes on where it left off', async () => {
    const source = counted(memorySource(stack(500), 'stack.tif'));
    const table = await TiffPageTable.open(source);
    await table.refresh(source);
    expect(table.count).toBe(500);
    source.reads = 0;
    await table.page(source, 499);
    await table.refresh(source);
    expect(source.reads).toBeLessThan(6);
  });

  it('is read right by several readers at a time', async () => {
    const path = join(folder, 'shared.tif');
    writeFileSync(path, stack(40));
    const pages = [39, 3, 20, 0, 39];
    const [count, ...pixels] = await Promise.all([countPages(path), ...pages.map((page) => firstPixel(path, page))]);
    expect(count).toBe(40);
    expect(pixels).toEqual(pages);
  });

  it('that ended and was continued later is followed', async () => {
    const path = join(folder, 'continued.tif');
    const [short, long] = [stack(3), stack(5)];
    // As its writer leaves it: the third directory says that it is the last, until the fourth is there.
    writeFileSync(path, short);
    expect(await countPages(path)).toBe(3);
    writeFileSync(path, long);
    expect(await countPages(path)).toBe(5);
    expect(await firstPixel(path, 4)).toBe(4);
  });

  it('that was replaced by another file under the same name is read anew', async () => {
    const path = join(folder, 'replaced.tif');
    writeFileSync(path, stack(9));
    expect(await countPages(path)).toBe(9);
    rmSync(path);
    writeFileSync(path, buildTiff({ pages: [greyPage({ sizeX: 3, sizeY: 3 }), greyPage({ sizeX: 3, sizeY: 3 })] }));
    expect(await countPages(path)).toBe(2);
    expect((await decodePayload({ kind: 'file', path, page: 1 }, path)).plane.sizeX).toBe(3);
  });

  it('says how many pages there are when a later one is asked for', async () => {
    const path = join(folder, 'short.tif');
    writeFileSync(path, stack(2));
    await expect(firstPixel(path, 7)).rejects.toThrow(/short\.tif: has 2 complete pages, so none with number 7/);
  });
});

describe('A stack with one directory for all its planes', () => {
  const planes = (count: number, file: Buffer): Buffer => {
    // The planes lie at the end, where the strip of the only page points to.
    const data = Buffer.alloc(count * PLANE_BYTES);
    for (let plane = 0; plane < count; plane++) data.writeUInt16LE(plane, plane * PLANE_BYTES);
    return Buffer.concat([file, data]);
  };
  const oneDirectory = (tag: readonly [number, number, readonly number[] | string], count: number): Buffer => {
    const { tags } = greyPage({ ...SIZE, tags: [tag, [279, TYPE.long, [PLANE_BYTES]]] });
    const lengthOnly = buildTiff({ pages: [{ tags: [...tags, [273, TYPE.long, [0]]], strips: [] }] });
    const file = buildTiff({ pages: [{ tags: [...tags, [273, TYPE.long, [lengthOnly.length]]], strips: [] }] });
    return planes(count, file);
  };

  it.each([
    ['ImageJ beyond 4 GB', [270, TYPE.ascii, 'ImageJ=1.53t\nimages=7\nframes=7\n'] as const],
    ['MetaMorph STK', [33629, TYPE.rational, Array<number>(7 * 2).fill(1)] as const],
  ])('%s: every plane is a page', async (name, tag) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.tif`);
    writeFileSync(path, oneDirectory(tag, 7));
    expect(await countPages(path)).toBe(7);
    for (const page of [6, 0, 3]) expect(await firstPixel(path, page)).toBe(page);
    writeFileSync(path, oneDirectory(tag, 7).subarray(0, -1));
    expect(await countPages(path)).toBe(6);
  });
});

describe('A file read in place', () => {
  it('says where it ends', async () => {
    const path = join(folder, 'bytes');
    writeFileSync(path, Buffer.alloc(10));
    const source = await openFile(path);
    await expect(source.readInto(new Uint8Array(4), 8)).rejects.toThrow(/bytes: ends at byte 10/);
    await source.close();
  });

  it('that is not there is named', async () => {
    await expect(countPages(join(folder, 'nowhere.tif'))).rejects.toThrow(/nowhere\.tif: cannot be read/);
    await expect(countPages(folder)).rejects.toMatchObject({ tag: 'decode', fileName: folder });
  });
});
