import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { companionFor, type Companion } from '../../../../pipeline/source/folder/companion.ts';
import { hasSharedData, SHARED_DATA } from '../../../fixtures/sharedData.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

let folder: string;
beforeEach(() => void (folder = temporaryFolder('companion')));

function follow(name: string): { path: string; companion: Companion } {
  const path = join(folder, name);
  return { path, companion: companionFor(name, path)! };
}

/** One record as NDTiff writes it. */
function record(axes: Record<string, unknown>, fileName: string): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return Buffer.concat([text(JSON.stringify(axes)), text(fileName), Buffer.alloc(32)]);
}

describe("Micro-Manager's metadata.txt", () => {
  it('names files of both generations, line by line, however it is cut', async () => {
    const text =
      '{\n"Summary": {},\n"Coords-Default/img_channel000_position000_time000000000_z000.tif": {\n  "Frame": 0\n},\n' +
      '"FrameKey-1-0-0": {\n  "FileName": "img_000000001_Cy3_000.tif",\n';
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length), { maxLength: 6 }), async (cuts) => {
        const { path, companion } = follow('metadata.txt');
        writeFileSync(path, '');
        let written = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), text.length]) {
          appendFileSync(path, text.slice(written, cut));
          written = cut;
          await Promise.all([companion.readOn(), companion.readOn()]);
        }
        expect(companion.planesOf('img_channel000_position000_time000000000_z000.tif')).toBe(1);
        expect(companion.planesOf('img_000000001_Cy3_000.tif')).toBe(1);
        expect(companion.planesOf('img_000000002_Cy3_000.tif')).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('begins again when the file is written anew, and bears that it goes', async () => {
    const { path, companion } = follow('metadata.txt');
    writeFileSync(path, `${'x'.repeat(200)}\n`);
    await companion.readOn();
    writeFileSync(path, '"Coords-a.tif": {\n');
    await companion.readOn();
    rmSync(path);
    await companion.readOn();
    expect(companion.planesOf('a.tif')).toBe(1);
  });
});

describe('NDTiff.index', () => {
  it('counts planes and places them, with a torn end left for later', async () => {
    const { path, companion } = follow('NDTiff.index');
    const records = [
      record({ channel: 'DAPI', time: 0 }, 'stack.tif'),
      record({ channel: 'FITC', time: 0 }, 'stack.tif'),
      record({ channel: 'DAPI', time: 1, z: 4 }, 'stack_1.tif'),
    ];
    writeFileSync(path, Buffer.concat([records[0]!, records[1]!.subarray(0, 20)]));
    await companion.readOn();
    expect(companion.planesOf('stack.tif')).toBe(1);
    appendFileSync(path, Buffer.concat([records[1]!.subarray(20), records[2]!]));
    await companion.readOn();
    expect([companion.planesOf('stack.tif'), companion.planesOf('stack_1.tif')]).toEqual([2, 1]);
    expect(companion.describe('stack.tif', 1)).toEqual({ index: { c: 1, t: 0 }, channelName: 'FITC' });
    expect(companion.describe('stack_1.tif', 0)).toEqual({ index: { c: 0, t: 1, z: 4 }, channelName: 'DAPI' });
  });

  it.skipIf(!hasSharedData)('reads indices that Pycro-Manager wrote', async () => {
    for (const [set, file] of [
      ['ndtiff3.2_monochrome', 'NDTiff3.2_monochrome_NDTiffStack.tif'],
      ['12_bit_pycromanager_mda', '12_bit_pycromanager_mda_NDTiffStack.tif'],
    ] as const) {
      const path = join(SHARED_DATA, 'formats/ndtiff', set, 'NDTiff.index');
      const companion = companionFor('NDTiff.index', path)!;
      await companion.readOn();
      expect(companion.planesOf(file)).toBe(readFileSync(path).toString('latin1').split(file).length - 1);
      expect(companion.describe(file, 1)?.index).toBeDefined();
    }
  });

  it('outlives any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        const { path, companion } = follow('NDTiff.index');
        writeFileSync(path, bytes);
        await companion.readOn();
      }),
      { numRuns: 60 },
    );
  });
});
