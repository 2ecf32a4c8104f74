import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createColourModel } from '../../models/enhancer/colourModel.ts';
import { createCountsModel } from '../../models/enhancer/countsModel.ts';
import { createTensorModel, runTensor } from '../../models/enhancer/tensorModel.ts';
import type { ModelManifest } from '../../models/manifest.ts';
import { openSession } from '../../models/onnxSession.ts';
import { processTensor } from '../../models/processing.ts';
import { openRegistry } from '../../models/registry.ts';
import { SHARED_DATA } from '../fixtures/sharedData.ts';
import { readNpy } from './fixtures/npy.ts';
import { worstDifference } from './fixtures/worstDifference.ts';

/** Every package that is there must reproduce its own test tensors. */
const ZOO = join(import.meta.dirname, '../../models/zoo');
const { models, broken } = await openRegistry([ZOO, join(SHARED_DATA, 'bioimageio')]);
const manifests = models.flatMap(({ method }) => (method.kind === 'onnx' ? [method.manifest] : []));
const ours = manifests.filter(({ contract }) => contract === 'counts');
const others = manifests.filter(({ contract }) => contract === 'tensor');
const open = ({ weights }: ModelManifest) => openSession(weights.path, { provider: 'cpu', threads: 2 });
const test = (manifest: ModelManifest, id: string) =>
  readNpy([...manifest.inputs, ...manifest.outputs].find((tensor) => tensor.id === id)!.testTensor!.path);

it('no package is broken', () => {
  expect(broken).toEqual([]);
});

/** Largest share of a stored range of 16 bits that another processor's rounding may move an int8 model. */
const INT8_TOLERANCE = 0.01;

describe.skipIf(ours.length === 0)('packages of the counts contract (skipped while the zoo is empty)', () => {
  it.each(ours.map((manifest) => [manifest.id, manifest] as const))('%s reproduces its test', async (_, manifest) => {
    const session = await open(manifest);
    const raw = test(manifest, 'raw');
    const [, frames, sizeY, sizeX] = raw.dims;
    const area = sizeX * sizeY;
    const enhance = createCountsModel(session, manifest, 4096);
    const { data, tiles } = await enhance({
      sizeX,
      sizeY,
      samplesPerPixel: 1,
      planes: Array.from({ length: frames }, (_, i) => (raw.data as Uint16Array).subarray(i * area, (i + 1) * area)),
      offset: test(manifest, 'offset').data[0],
      scale: test(manifest, 'scale').data[0],
      gain: test(manifest, 'gain').data[0],
    });
    const expected = test(manifest, 'enhanced').data;
    const tolerance = manifest.precision === 'int8' ? INT8_TOLERANCE * Math.max(...expected) : 1;
    expect(tiles).toBe(1);
    expect(worstDifference(data, expected)).toBeLessThanOrEqual(tolerance);
    await session.release();
  });

  it.each(ours.map((manifest) => [manifest.id, manifest] as const))(
    '%s says how far it reaches',
    async (_, manifest) => {
      const session = await open(manifest);
      const side = 2 * manifest.halo + manifest.sizeX.min + 5 * manifest.sizeX.step + 3; // No size that it takes as it is.
      const plane = Uint16Array.from(
        { length: side * side },
        (_, i) => 200 + ((i * 7919) % 97) + 200 * Math.sin(i / 50) ** 2,
      );
      const planes = Array.from({ length: manifest.temporalFrames }, () => plane);
      const input = {
        sizeX: side,
        sizeY: side,
        samplesPerPixel: 1,
        planes,
        offset: 200,
        scale: 250,
        gain: 16,
      } as const;
      const whole = await createCountsModel(session, manifest, 4096)(input);
      const tiled = await createCountsModel(session, manifest, 4 * manifest.halo)(input);
      expect(tiled.tiles).toBeGreaterThan(1);
      const tolerance = manifest.precision === 'int8' ? INT8_TOLERANCE * input.scale * input.gain : 2;
      expect(worstDifference(whole.data, tiled.data)).toBeLessThanOrEqual(tolerance);
      await session.release();
    },
  );
});

const colour = manifests.filter(({ contract }) => contract === 'colour');

describe.skipIf(colour.length === 0)('packages for colour (skipped while the zoo has none)', () => {
  it.each(colour.map((manifest) => [manifest.id, manifest] as const))(
    '%s reproduces its test, with tiles and without',
    async (_, manifest) => {
      const session = await open(manifest);
      const raw = test(manifest, manifest.inputs[0].id);
      const [, sizeY, sizeX] = raw.dims;
      const planes = [raw.data as Uint8Array];
      const input = { sizeX, sizeY, samplesPerPixel: 3, planes, offset: 0, scale: 255, gain: 1 } as const;
      const whole = await createColourModel(session, manifest, 4096)(input);
      expect(whole.tiles).toBe(1);
      // Another processor's rounding may move a value across the half.
      expect(worstDifference(whole.data, test(manifest, manifest.outputs[0].id).data)).toBeLessThanOrEqual(1);
      const tiled = await createColourModel(session, manifest, (manifest.magnification / 2) * (sizeX - 8))(input);
      expect(tiled.tiles).toBeGreaterThan(1);
      expect(worstDifference(tiled.data, whole.data)).toBeLessThanOrEqual(1);
      await session.release();
    },
  );
});

describe.skipIf(others.length === 0)('packages of others (skipped without the shared data)', () => {
  it.each(others.map((manifest) => [manifest.id, manifest] as const))('%s reproduces its test', async (_, manifest) => {
    const session = await open(manifest);
    const [image] = manifest.inputs;
    const [result] = manifest.outputs;
    const { data, dims } = test(manifest, image.id);
    const prepared = processTensor(image, { data: Float32Array.from(data), dims });
    const output = await runTensor(session, manifest, prepared);
    const got = processTensor(result, { data: output.data as Float32Array, dims: output.dims });
    const expected = test(manifest, result.id);
    expect(got.dims).toEqual(expected.dims);
    expect(worstDifference(got.data, expected.data)).toBeLessThan(1e-3);

    // The same as a method: stored in 16 bits, the declared range spread over them.
    const [sizeY, sizeX] = dims.slice(-2);
    const stored = await createTensorModel(
      session,
      manifest,
      4096,
    )({
      sizeX,
      sizeY,
      samplesPerPixel: 1,
      planes: [Uint16Array.from(data)],
      offset: 0,
      scale: 1,
      gain: 1,
    });
    const [low, high] = result.range as readonly [number, number];
    const values = Float64Array.from(stored.data, (value) => low + (value / 65535) * (high - low));
    expect(worstDifference(values, expected.data)).toBeLessThan(2e-3);
    await session.release();
  });
});
