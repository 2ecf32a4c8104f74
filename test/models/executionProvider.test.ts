import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  chooseProvider,
  PROVIDERS,
  providerCandidates,
  testFrame,
  tryProviders,
  type ProviderName,
} from '../../models/executionProvider.ts';
import { InferenceClient } from '../../models/inferenceClient.ts';
import { readManifest, type ModelManifest } from '../../models/manifest.ts';
import { ProviderError } from '../../pipeline/errors.ts';
import { worstDifference } from './fixtures/worstDifference.ts';
import { writeTinyPackage } from './fixtures/tinyPackage.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

// Providers are tried for real, in a process that takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

describe('providerCandidates', () => {
  it('ends with the CPU on every platform, and knows no others than the listed', () => {
    for (const os of ['linux', 'win32', 'darwin', 'freebsd']) {
      for (const cpu of ['x64', 'arm64']) {
        const candidates = providerCandidates(os, cpu);
        expect(candidates.at(-1)).toBe('cpu');
        expect(candidates.every((candidate) => PROVIDERS.includes(candidate))).toBe(true);
      }
    }
    expect(providerCandidates('linux', 'x64')).toContain('cuda');
    expect(providerCandidates('win32', 'x64')).toContain('dml');
    expect(providerCandidates('darwin', 'arm64')).toContain('coreml');
  });
});

describe('the test frame', () => {
  it('is the same each time, has structure, and is of a size that the model takes', () => {
    const frame = testFrame();
    expect(frame).toMatchObject({ sizeX: 256, sizeY: 256 });
    expect(worstDifference(testFrame().data, frame.data)).toBe(0);
    expect(frame.data.some((value) => value > 900)).toBe(true);
    const sizes = { sizeX: { min: 100, step: 32 }, sizeY: { min: 512, step: 0 } };
    expect(testFrame({ ...sizes, samplesPerPixel: 1 })).toMatchObject({ sizeX: 260, sizeY: 512 });
    const colour = testFrame({ ...sizes, samplesPerPixel: 3 });
    expect(colour).toMatchObject({ samplesPerPixel: 3, pixelType: 'uint8' });
    expect(colour.data).toHaveLength(3 * 260 * 512);
  });
});

describe('trying providers', () => {
  let client: InferenceClient;
  let manifest: ModelManifest;
  const load = (provider: ProviderName) =>
    client.load('blur', { kind: 'onnx', manifest, provider, threads: 1, tileLimit: 1024 });

  beforeAll(async () => {
    manifest = await readManifest(writeTinyPackage(temporaryFolder('zoo'), 'blur'));
    client = new InferenceClient({ runTimeoutMs: 30_000, loadTimeoutMs: 60_000 });
  });
  afterAll(() => client.close());

  it('takes the CPU when asked to, with nothing refused', async () => {
    const choice = await chooseProvider(client, 'blur', manifest, load, 'cpu');
    expect(choice).toMatchObject({ provider: 'cpu', refusals: {} });
    expect(choice.ms).toBeGreaterThan(0);
  });

  it('accounts for every candidate: each one works, or says why not', async () => {
    for await (const { provider, ms, refusal } of tryProviders(client, 'blur', manifest, load)) {
      expect(ms !== undefined || refusal!.length > 10, provider).toBe(true);
    }
  });

  it('leaves a model that works loaded, whatever was refused before', async () => {
    const { provider, refusals } = await chooseProvider(client, 'blur', manifest, load, 'auto');
    const before = providerCandidates().slice(0, providerCandidates().indexOf(provider));
    expect(Object.keys(refusals)).toEqual(before);
    const frame = testFrame();
    const run = {
      sizeX: 256,
      sizeY: 256,
      samplesPerPixel: 1,
      pixelType: 'uint16',
      offset: 0,
      scale: 1,
      gain: 1,
    } as const;
    expect((await client.run('blur', run, [frame])).data).toHaveLength(512 * 512);
  });

  it('refuses with a reason when the one that was asked for does not work', async () => {
    const absent = providerCandidates().includes('dml') ? 'coreml' : 'dml';
    const error = await chooseProvider(client, 'blur', manifest, load, absent).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderError);
    expect((error as ProviderError).refusals[absent]).toBeTruthy();
    expect((error as ProviderError).message).toContain(`blur cannot run here: ${absent}: `);
  });
});
