import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEnhancer } from '../../../models/enhancer/enhancer.ts';
import { countPages, decodePayload } from '../../../pipeline/decode/registry.ts';
import type { Enhanced, PixelType, Plane } from '../../../pipeline/frame.ts';
import type { Decoded, Enhancer } from '../../../pipeline/ports.ts';
import { TiffWriter } from '../../../pipeline/record/export/tiffWriter.ts';
import { enhanceCommand, type EnhanceOptions } from '../../../server/cli/enhance.ts';
import { inUnitsOf } from '../../../server/cli/enhanceFile.ts';
import { buildTiff, greyPage } from '../../pipeline/decode/buildTiff.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('enhance');
let runs = 0;

/** A folder for inputs, one for outputs. */
function folders(): { into: string; out: string } {
  const into = join(folder, `run-${runs++}`);
  mkdirSync(into);
  return { into, out: join(into, 'out') };
}

/** One process with the bicubic filter for all tests but one: starting it is the slow part. */
let bicubic: Enhancer;
beforeAll(async () => {
  bicubic = await createEnhancer({ model: 'bicubic', ladder: 'none' });
}, 60_000);
afterAll(() => bicubic.close());
const shared = async (): Promise<Enhancer> => ({
  enhance: (frame) => bicubic.enhance(frame),
  status: bicubic.status,
  close: async () => undefined,
});
const enhance = (files: string[], options: EnhanceOptions): Promise<number> => enhanceCommand(files, options, shared);

let printed = '';
let complained = '';
beforeEach(() => {
  printed = complained = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => !!(printed += String(text)));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => !!(complained += String(text)));
});
afterEach(() => vi.restoreAllMocks());

function flat(value: number, pixelType: PixelType, samplesPerPixel: 1 | 3 = 1, sizeX = 32, sizeY = 24): Plane {
  const Pixels = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array }[pixelType];
  return { sizeX, sizeY, samplesPerPixel, pixelType, data: new Pixels(sizeX * sizeY * samplesPerPixel).fill(value) };
}

async function writeStack(path: string, planes: readonly Plane[]): Promise<void> {
  const writer = await TiffWriter.open(path, planes[0]);
  for (const plane of planes) await writer.writePlane(plane);
  await writer.close('ImageJ=1.54f\nimages=1\nunit=um\n');
}

const read = (path: string, page = 0): Promise<Decoded> => decodePayload({ kind: 'file', path, page }, path);

describe('scopestream enhance', () => {
  it.each<[PixelType, 1 | 3]>([
    ['uint8', 1],
    ['uint16', 1],
    ['float32', 1],
    ['uint8', 3],
  ])('gives %s x %i back in its own type and units, enlarged', async (pixelType, samplesPerPixel) => {
    const { into, out } = folders();
    await writeStack(join(into, 'cell.tif'), [flat(100, pixelType, samplesPerPixel)]);
    expect(await enhance([join(into, 'cell.tif')], { out })).toBe(0);
    const { plane } = await read(join(out, 'cell.tif'));
    expect(plane).toMatchObject({ sizeX: 64, sizeY: 48, pixelType, samplesPerPixel });
    // Flat stays flat; float32 goes through 16 bits on its way.
    for (const value of plane.data) expect(Math.abs(value - 100)).toBeLessThan(pixelType === 'float32' ? 0.01 : 1e-9);
    expect(printed).toMatch(/1 files with 1 planes .* predicted by bicubic/);
  });

  it('writes a stack for a stack, with smaller pixels and a word on what they are', async () => {
    const { into, out } = folders();
    const path = join(into, 'stack.tif');
    const writer = await TiffWriter.open(path, flat(0, 'uint16'), { resolution: { x: 10, y: 10, unit: 'none' } });
    for (const value of [10, 20, 30]) await writer.writePlane(flat(value, 'uint16'));
    await writer.close('ImageJ=1.54f\nimages=3\nframes=3\nunit=um\nfinterval=0.05\n');

    expect(await enhance([path], { out, json: true })).toBe(0);
    const output = join(out, 'stack.tif');
    expect(await countPages(output)).toBe(3);
    for (const page of [0, 1, 2]) {
      const { plane, description } = await read(output, page);
      expect(plane.data[0]).toBe(10 * (page + 1));
      expect(description).toMatchObject({ index: { t: page }, physicalSizeX: 0.05, timeIncrement: 0.05 });
    }
    const summary = JSON.parse(printed) as { files: unknown[]; times: Record<string, { median: number }> };
    expect(summary).toMatchObject({
      model: 'bicubic',
      faults: [],
      files: [{ input: path, output, planes: 3, sizeX: 64, pixelType: 'uint16', prediction: { predicted: true } }],
    });
    for (const stage of ['decode', 'normalise', 'enhance', 'write']) {
      expect(summary.times[stage].median).toBeGreaterThan(0);
    }
  });

  it('takes whole folders, keeps their sub-folders, and does not enhance its own outputs', async () => {
    const { into, out } = folders();
    mkdirSync(join(into, 'late'));
    await writeStack(join(into, 'a.tif'), [flat(1, 'uint8')]);
    await writeStack(join(into, 'late', 'a.ome.tif'), [flat(2, 'uint8')]);
    writeFileSync(join(into, 'notes.txt'), 'not a picture');
    const listing = (): string[] => (readdirSync(out, { recursive: true }) as string[]).sort();
    for (const sequence of [false, true]) {
      expect(await enhance([into], { out, sequence })).toBe(0);
      expect(listing()).toEqual(['a.tif', 'late', join('late', 'a.tif')]);
    }
  });

  it('names a bad file, does the others, and says so in its exit code', async () => {
    const { into, out } = folders();
    await writeStack(join(into, 'good.tif'), [flat(7, 'uint16')]);
    writeFileSync(join(into, 'torn.tif'), 'II*\0\u0008');
    writeFileSync(join(into, 'text.png'), 'not a picture, whatever its name says');
    const code = await enhance([into, join(into, 'nowhere')], { out });
    expect(code).toBe(1);
    expect(readdirSync(out)).toEqual(['good.tif']);
    expect(complained).toMatch(/not enhanced: .*torn\.tif: /);
    expect(complained).toMatch(/not enhanced: .*text\.png: is none of the formats/);
    expect(complained).toMatch(/not enhanced: .*nowhere: .*no such file/);
  });

  it('leaves nothing of a stack that fails half-way', async () => {
    const { into, out } = folders();
    const pages = [greyPage({ sizeX: 16, sizeY: 16 }), greyPage({ sizeX: 16, sizeY: 12 })];
    writeFileSync(join(into, 'changing.tif'), buildTiff({ pages }));
    expect(await enhance([into], { out })).toBe(1);
    expect(complained).toMatch(/not enhanced: .*changing\.tif: .*takes 32 x 32 uint16 planes, not 32 x 24/);
    expect(readdirSync(out)).toEqual([]);
  });

  it('never writes over an input, nor two outputs into one', async () => {
    const { into } = folders();
    await writeStack(join(into, 'a.tif'), [flat(1, 'uint8')]);
    await writeStack(join(into, 'b.tif'), [flat(1, 'uint8')]);
    await writeStack(join(into, 'b.tiff'), [flat(1, 'uint8')]);
    const out = join(into, 'out');
    expect(await enhance([join(into, 'a.tif')], { out: into })).toBe(1);
    expect(complained).toContain('choose another folder for --out');
    expect(await enhance([join(into, 'b.tif'), join(into, 'b.tiff')], { out })).toBe(1);
    expect(complained).toMatch(/is that of .*b\.tif already/);
    expect((await read(join(into, 'a.tif'))).plane.sizeX).toBe(32);
  });

  it('says when there is nothing to do', async () => {
    const { into, out } = folders();
    await expect(enhance([into], { out })).rejects.toThrow(`no images in ${into}`);
  });

  it('opens the model that is asked for, and names those there are when there is no such model', async () => {
    const { into, out } = folders();
    await writeStack(join(into, 'a.tif'), [flat(1, 'uint8')]);
    expect(await enhanceCommand([into], { out, model: 'gaussian' })).toBe(0);
    expect(printed).toContain('predicted by gaussian');
    await expect(enhanceCommand([into], { out, model: 'magic' })).rejects.toThrow(
      /no model magic; there are .*bicubic/,
    );
  }, 60_000);
});

describe('Enhanced pixels in the units of the raw plane', () => {
  const enhanced = (intensityScale: number, ...pixels: number[]): Enhanced => ({
    plane: { ...flat(0, 'uint16', 1, pixels.length, 1), data: Uint16Array.from(pixels) },
    intensityScale,
    magnification: 1,
    prediction: {} as Enhanced['prediction'],
  });

  it('are rounded, and cut off at the top of their type', () => {
    const { data, pixelType } = inUnitsOf(flat(0, 'uint8'), enhanced(1 / 16, 0, 23, 24, 16 * 255, 65535));
    expect(pixelType).toBe('uint8');
    expect([...data]).toEqual([0, 1, 2, 255, 255]);
  });

  it('keep their fractions as float32', () => {
    expect([...inUnitsOf(flat(0, 'float32'), enhanced(0.25, 1, 2, 3)).data]).toEqual([0.25, 0.5, 0.75]);
  });
});
