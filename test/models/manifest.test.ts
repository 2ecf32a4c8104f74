import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManifestError, readManifest } from '../../models/manifest.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/sharedData.ts';
import { writeTinyColour } from './fixtures/tinyColour.ts';
import { writeTinyPackage } from './fixtures/tinyPackage.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

const zoo = () => temporaryFolder('zoo');

describe('a package of our own contract', () => {
  it('is read into the few things that the service needs', async () => {
    const manifest = await readManifest(writeTinyPackage(zoo(), 'newest'));
    expect(manifest).toMatchObject({
      id: 'newest',
      version: '1.2.3',
      license: 'MIT',
      contract: 'counts',
      magnification: 2,
      temporalFrames: 3,
      halo: 2, // 4 output pixels
      sizeX: { min: 8, step: 4 },
      precision: 'float32',
      scopestream: { precision: 'float32' },
    });
    expect(manifest.weights.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a package of somebody else', () => {
  it.skipIf(!hasSharedData)('is read with its processing and its defaults', async () => {
    const manifest = await readManifest(join(SHARED_DATA, 'bioimageio/unet2d_nuclei_broad'));
    expect(manifest).toMatchObject({
      id: 'unet2d_nuclei_broad',
      license: 'MIT',
      contract: 'tensor',
      magnification: 1,
      halo: 32,
      sizeX: { min: 512, step: 0 },
      sizeY: { min: 512, step: 0 },
    });
    expect(manifest.inputs[0].processing.map(({ id }) => id)).toContain('zero_mean_unit_variance');
    expect(manifest.outputs[0].range).toEqual([0, 1]);
    expect(manifest.cite).toHaveLength(2);
  });
});

describe('a colour package', () => {
  it('is read with its magnification, and with the registration that is served', async () => {
    const manifest = await readManifest(writeTinyColour(zoo(), 'double'));
    expect(manifest).toMatchObject({ contract: 'colour', samplesPerPixel: 3, magnification: 2, halo: 4 });
  });

  type Axes = { axes: { type: string }[] }[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manifest is spoilt in any place
  const spoilt: readonly (readonly [string, RegExp, (manifest: any) => void])[] = [
    ['another registration', /pixelCentres: centred/, (m) => (m.config.scopestream.pixelCentres = 'centred')],
    ['planes apart', /raw\.axes: batch, channel, y, x/, (m) => reorder(m.inputs)],
    ['floats', /enhanced\.data\.type: float32/, (m) => (m.outputs[0].data.type = 'float32')],
    ['processing', /raw: colour models have/, (m) => (m.inputs[0].preprocessing = [{ id: 'sigmoid' }])],
  ];
  const reorder = ([tensor]: Axes) => tensor.axes.splice(1, 0, tensor.axes.pop()!);

  it.each(spoilt)('is refused for %s', async (_, problem, spoil) => {
    await expect(readManifest(writeTinyColour(zoo(), 'double', { spoil }))).rejects.toThrow(problem);
  });
});

/** A foreign package: one image in, one out. */
const foreign = (change: Record<string, unknown>) => (manifest: Record<string, unknown>) => {
  const [raw] = manifest.inputs as Record<string, unknown>[];
  const [enhanced] = manifest.outputs as Record<string, unknown>[];
  manifest.inputs = [{ ...raw, data: { type: 'float32' }, ...change }];
  manifest.outputs = [{ ...enhanced, data: { type: 'float32' } }];
};

describe('a foreign package that asks for what is not done here is refused', () => {
  const batch = { type: 'batch' };
  const [y, x] = ['y', 'x'].map((id) => ({ type: 'space', id, size: 64 }));
  it.each([
    ['another type', /raw\.data\.type: uint8/, { data: { type: 'uint8' } }],
    ['an unknown step', /processing step deconvolve/, { preprocessing: [{ id: 'deconvolve' }] }],
    ['colour', /only one channel/, { axes: [batch, { type: 'channel', channel_names: ['r', 'g', 'b'] }, y, x] }],
  ])('%s', async (_, problem, change) => {
    await expect(readManifest(writeTinyPackage(zoo(), 'blur', foreign(change)))).rejects.toThrow(problem);
  });

  it('and one that does not is taken', async () => {
    const manifest = await readManifest(writeTinyPackage(zoo(), 'blur', foreign({})));
    expect(manifest.contract).toBe('tensor');
  });
});

describe('a package that cannot be used is refused by folder and field', () => {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a manifest is spoilt in any place
  const spoilt: readonly { name: string; problem: RegExp; spoil: (manifest: any) => void }[] = [
    { name: 'no licence', problem: /license/, spoil: (m) => delete m.license },
    { name: 'an old format', problem: /format_version: must be 0\.5/, spoil: (m) => (m.format_version = '0.4.9') },
    { name: 'a data set', problem: /type/, spoil: (m) => (m.type = 'dataset') },
    { name: 'no ONNX weights', problem: /weights\.onnx/, spoil: (m) => (m.weights = {}) },
    {
      name: 'another hash',
      problem: /weights\.onnx\.sha256: the file's is/,
      spoil: (m) => (m.weights.onnx.sha256 = '0'.repeat(64)),
    },
    { name: 'no hash', problem: /weights\.onnx\.sha256: must be 64/, spoil: (m) => (m.weights.onnx.sha256 = 'abc') },
    { name: 'no weights', problem: /weights\.onnx\.source/, spoil: (m) => (m.weights.onnx.source = 'absent.onnx') },
    { name: 'a path out', problem: /lies outside/, spoil: (m) => (m.weights.onnx.source = '../../secret') },
    {
      name: 'a strange axis',
      problem: /inputs\[0\]\.axes\[2\]\.type/,
      spoil: (m) => (m.inputs[0].axes[2].type = 'depth'),
    },
    { name: 'no y axis', problem: /raw\.axes: no y axis/, spoil: (m) => (m.inputs[0].axes[2].id = 'z') },
    { name: 'no size', problem: /size of input axis y/, spoil: (m) => delete m.inputs[0].axes[2].size },
    { name: 'uneven enlargement', problem: /scale of the output/, spoil: (m) => (m.outputs[0].axes[2].scale = 0.25) },
    { name: 'five frames', problem: /1 to 3/, spoil: (m) => (m.inputs[0].axes[1].channel_names = [...'abcde']) },
    { name: 'two outputs', problem: /outputs: exactly one/, spoil: (m) => m.outputs.push(m.outputs[0]) },
    { name: 'two images', problem: /inputs: one image/, spoil: (m) => m.inputs.splice(2) },
  ];
  it.each(spoilt)('$name', async ({ name, problem, spoil }) => {
    const folder = writeTinyPackage(zoo(), 'blur', spoil, `spoilt ${name}`);
    const error = await readManifest(folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ManifestError);
    expect((error as Error).message).toContain(folder);
    expect((error as Error).message).toMatch(problem);
  });

  it('text that is no YAML, and a folder with nothing in it', async () => {
    const folder = writeTinyPackage(zoo(), 'blur');
    writeFileSync(join(folder, 'bioimageio.yaml'), 'a: [1, 2\nb: }');
    await expect(readManifest(folder)).rejects.toThrow(/bioimageio\.yaml cannot be read/);
    await expect(readManifest(zoo())).rejects.toThrow(/bioimageio\.yaml cannot be read/);
  });
});
