import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { countPages, decodeArrived, decodePayload, decoders } from '../../../pipeline/decode/registry.ts';
import type { ArrivedFrame, Plane } from '../../../pipeline/frame.ts';
import { buildTiff, greyPage, TYPE } from './buildTiff.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('registry');

function arrived(payload: ArrivedFrame['payload'], description: ArrivedFrame['description'] = {}): ArrivedFrame {
  return { type: 'frame', name: 'peer#7', arrivedMs: 0, payload, description, completedBy: 'socket' };
}

const planeOf = (...pixels: number[]): Plane => ({
  sizeX: pixels.length,
  sizeY: 1,
  samplesPerPixel: 1,
  pixelType: 'uint16',
  data: Uint16Array.from(pixels),
});

describe('The registry of formats', () => {
  it('gives each decoder the id it is listed under', async () => {
    for (const [id, load] of decoders) expect((await load()).id).toBe(id);
  });

  it('passes pixels that came as pixels', async () => {
    const plane = planeOf(1, 2, 3);
    expect(await decodePayload({ kind: 'plane', plane }, 'peer#7')).toEqual({ plane, description: {} });
  });

  it('goes by the content of a file, not by its name', async () => {
    const path = join(folder, 'really-a-tiff.png');
    writeFileSync(path, buildTiff({ pages: [greyPage({ sizeX: 3, sizeY: 2 })] }));
    expect(await countPages(path)).toBe(1);
  });

  it('names what it does not read, and the formats that it does', async () => {
    const bytes = Buffer.from('GIF89a and so on, and on');
    await expect(decodePayload({ kind: 'bytes', bytes, page: 0 }, 'peer#7')).rejects.toThrow(
      'peer#7: is none of the formats that are read (tiff, png, jpeg)',
    );
  });

  it('takes a file that has only room for its content as unfinished', async () => {
    const path = join(folder, 'reserved.tif');
    writeFileSync(path, Buffer.alloc(4096));
    await expect(countPages(path)).rejects.toMatchObject({ tag: 'decode', retryable: true });
  });

  it.each(['png', 'jpeg'] as const)('knows a %s file that is not complete yet', async (format) => {
    const picture = sharp(Buffer.alloc(300), { raw: { width: 10, height: 10, channels: 3 } });
    const whole = await picture.toFormat(format).toBuffer();
    const path = join(folder, `growing.${format}`);
    writeFileSync(path, whole.subarray(0, -1));
    await expect(countPages(path)).rejects.toMatchObject({ tag: 'decode', retryable: true });
    writeFileSync(path, whole);
    expect(await countPages(path)).toBe(1);
  });

  it('lets the source say more than the file, and in its place', async () => {
    const bytes = buildTiff({ pages: [greyPage({ sizeX: 3, sizeY: 2, tags: [[281, TYPE.short, [4095]]] })] });
    const payload = { kind: 'bytes', bytes, page: 0 } as const;
    const { description } = await decodeArrived(arrived(payload, { index: { t: 7 }, physicalSizeX: 0.1 }));
    expect(description).toEqual({ significantBits: 12, index: { t: 7 }, physicalSizeX: 0.1 });
    expect((await decodeArrived(arrived(payload, { significantBits: 10 }))).description.significantBits).toBe(10);
  });
});
