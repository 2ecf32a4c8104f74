import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEnhancer, type LadderEnhancer } from '../../../models/enhancer/enhancer.ts';
import { storedGain } from '../../../models/enhancer/rungs.ts';
import type { EnhancerSettings } from '../../../models/enhancer/settings.ts';
import type { InferenceEvent } from '../../../models/inferenceClient.ts';
import { EnhanceError, ProviderError } from '../../../pipeline/errors.ts';
import type { Plane } from '../../../pipeline/frame.ts';
import { frameOf, spots } from '../fixtures/frames.ts';
import { MOODY_SCALE, writeTinyPackage } from '../fixtures/tinyPackage.ts';
import { worstDifference } from '../fixtures/worstDifference.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/** Real models in a real process, which is stopped, killed and fed with what it cannot bear. */

// A start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const zoo = temporaryFolder('zoo');
beforeAll(() => {
  writeTinyPackage(zoo, 'blur');
  writeTinyPackage(zoo, 'moody');
  writeTinyPackage(zoo, 'oldest');
});

const open = new Set<LadderEnhancer>();
const events: InferenceEvent[] = [];
async function start(settings: Partial<EnhancerSettings> = {}): Promise<LadderEnhancer> {
  const enhancer = await createEnhancer({
    zooFolders: [zoo],
    model: 'blur',
    provider: 'cpu',
    threads: 1,
    onEvent: (event) => events.push(event),
    ...settings,
  });
  open.add(enhancer);
  return enhancer;
}
async function closeAll(): Promise<void> {
  await Promise.all([...open].map((enhancer) => enhancer.close()));
  open.clear();
  events.length = 0;
}

/** The inference processes of this test's process: the newest one holds the networks. */
async function children(): Promise<number[]> {
  const { stdout } = await new Promise<{ stdout: string }>((resolve) =>
    execFile('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], (_, out) => resolve({ stdout: out })),
  );
  const lines = stdout.split('\n').filter((line) => line.includes('inferenceProcess'));
  return lines.map((line) => Number.parseInt(line, 10)).sort((a, b) => a - b);
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await delay(20);
}

/** The blurred frame, by hand: 5x5 mean with replicated borders, each pixel doubled, counts x 16. */
function blurred({ sizeX, sizeY, data }: Plane): Float64Array {
  const at = (x: number, y: number) =>
    data[Math.min(Math.max(y, 0), sizeY - 1) * sizeX + Math.min(Math.max(x, 0), sizeX - 1)];
  return Float64Array.from({ length: 4 * data.length }, (_, i) => {
    const x = (i % (2 * sizeX)) >> 1;
    const y = Math.floor(i / (2 * sizeX)) >> 1;
    let sum = 0;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += at(x + dx, y + dy);
    return (16 * sum) / 25;
  });
}

const choose = async (enhancer: LadderEnhancer, id: string) => (await enhancer.prepareModel(id))();

describe('enhance', () => {
  let enhancer: LadderEnhancer;
  beforeAll(async () => {
    enhancer = await start({ tileLimit: 64, lateInARow: 3 });
  });
  afterAll(closeAll);

  it('gives the model’s picture in 16 bits and says who predicted it', async () => {
    const raw = spots(64, 40);
    const before = raw.data.slice();
    const enhanced = await enhancer.enhance(frameOf(raw));
    expect(enhanced.plane).toMatchObject({ sizeX: 128, sizeY: 80, samplesPerPixel: 1, pixelType: 'uint16' });
    expect(worstDifference(enhanced.plane.data, blurred(raw))).toBeLessThanOrEqual(1);
    expect(enhanced.intensityScale).toBe(1 / 16);
    expect(enhanced.magnification).toBe(2);
    expect(enhanced.prediction).toMatchObject({
      predicted: true,
      modelId: 'blur',
      modelVersion: '1.2.3',
      license: 'MIT',
      provider: 'cpu',
      ladderStep: 0,
      tiles: 1,
    });
    expect(raw.data).toEqual(before);
    expect(enhancer.status).toMatchObject({ modelId: 'blur', steps: ['blur', 'gaussian', 'bicubic'], state: 'ready' });
  });

  it('tiles large frames and pads odd ones, with the same result', async () => {
    const raw = spots(101, 75);
    const { plane, prediction } = await enhancer.enhance(frameOf(raw));
    expect(prediction.tiles).toBeGreaterThan(1);
    // Padding reflects where the reference replicates: compare what lies 2 raw pixels from the right and lower border.
    const inside = (values: ArrayLike<number>) =>
      Array.from(values).filter((_, i) => i % 202 < 198 && Math.floor(i / 202) < 146);
    expect(worstDifference(inside(plane.data), inside(blurred(raw)))).toBeLessThanOrEqual(1);
  });

  it('takes 8-bit and floating-point frames in their own units', async () => {
    const bytes = frameOf(spots(32, 32, 'uint8', 180), 0, { description: {} });
    const small = await enhancer.enhance(bytes);
    expect(small.intensityScale).toBe(1 / 256);
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(small.plane.data) * small.intensityScale).toBeCloseTo(mean(bytes.raw.data), 0);

    const normalisation = { offset: 0.1, scale: 0.9, source: 'first-frame' };
    const floats = frameOf(spots(32, 32, 'float32', 0.9), 0, { description: {}, normalisation });
    const real = await enhancer.enhance(floats);
    expect(Number.isInteger(Math.log2(real.intensityScale))).toBe(true);
    expect(mean(real.plane.data) * real.intensityScale).toBeCloseTo(mean(floats.raw.data), 2);
    expect(storedGain(floats)).toBe(2 ** 14); // 65535 / (0.1 + 4 x 0.9) = 17712
  });

  it('looks back as far as a temporal model does, oldest first', async () => {
    await choose(enhancer, 'oldest');
    const planes = [0, 1, 2].map((k) => {
      const plane = spots(32, 32);
      return { ...plane, data: plane.data.map((value) => value + 100 * k) as Uint16Array<ArrayBuffer> };
    });
    const first = async (history: readonly Plane[]) => {
      const { plane } = await enhancer.enhance(frameOf(planes[2], 2, { history }));
      return plane.data[0] / 16;
    };
    const at = (k: number) => planes[k].data[0];
    expect(await first([planes[0], planes[1]])).toBeCloseTo(at(0), 1);
    expect(await first([planes[1]])).toBeCloseTo(at(1), 1); // The oldest there is stands for those before.
    await choose(enhancer, 'blur');
  });

  it('enlarges colour by bicubic and says so', async () => {
    const grey = spots(16, 16, 'uint8', 180);
    const data = Uint8Array.from({ length: 3 * 256 }, (_, i) => grey.data[Math.floor(i / 3)]);
    const { plane, prediction, intensityScale } = await enhancer.enhance(
      frameOf({ ...grey, samplesPerPixel: 3, data }, 0, { description: {} }),
    );
    expect(plane).toMatchObject({ sizeX: 32, samplesPerPixel: 3, pixelType: 'uint8' });
    expect(prediction.modelId).toBe('bicubic');
    expect(intensityScale).toBe(1);
  });

  it('smooths as widely as the session says where a Gaussian stands in, and writes it down', async () => {
    const gaussian = await start({ model: 'gaussian' });
    const frame = frameOf(spots(64, 40));
    const usual = await gaussian.enhance(frame);
    const narrow = await gaussian.enhance({ ...frame, gaussianSigma: 0.7 });
    expect(usual.prediction).toMatchObject({ modelName: 'Gaussian', gaussianSigma: 1.8 });
    expect(narrow.prediction.gaussianSigma).toBe(0.7);
    expect(narrow.plane.data).not.toEqual(usual.plane.data);
    expect((await enhancer.enhance(frame)).prediction.gaussianSigma).toBeUndefined();
  });

  it('steps down under `newest` when frames come faster than the model can, and never under `every`', async () => {
    /** Frames that arrive 10 us apart, which no model can keep. */
    const flood = (sequence: number) => {
      const frame = frameOf(spots(64, 64), sequence);
      return { ...frame, meta: { ...frame.meta, arrivedMs: 0.01 * sequence } };
    };
    for (let i = 0; i < 6; i++) await enhancer.enhance(flood(i));
    expect(enhancer.status).toMatchObject({ step: 0, because: 'best' });
    enhancer.choosePolicy('newest');
    for (let i = 6; i < 40; i++) await enhancer.enhance(flood(i));
    expect(enhancer.status.step).toBeGreaterThan(0);
    expect(enhancer.status.because).toMatch(/late: \d+ ms a frame against \d+ ms/);
  });
});

describe('frames side by side', () => {
  afterEach(closeAll);

  it('have a second process, which starts when a frame comes while another is enhanced, and the same pictures', async (context) => {
    if (availableParallelism() === 1) return context.skip('one core has nothing to share');
    const enhancer = await start({ threads: 0 });
    const raw = spots(64, 40);
    for (let i = 0; i < 3; i++) await enhancer.enhance(frameOf(raw, i));
    expect(await children()).toHaveLength(2); // Of the networks and of the filters.
    const pair = () => Promise.all([0, 1].map((sequence) => enhancer.enhance(frameOf(raw, sequence))));
    await pair();
    await vi.waitUntil(async () => (await pair(), (await children()).length === 3), { timeout: 60_000 });
    await delay(2000); // It loads its model.
    for (const { plane, prediction } of await pair()) {
      expect(worstDifference(plane.data, blurred(raw))).toBeLessThanOrEqual(1);
      expect(prediction).toMatchObject({ modelId: 'blur', ladderStep: 0 });
    }
    await closeAll();
    expect(await children()).toHaveLength(0);
  });

  it('wait for each other where the threads are limited', async () => {
    const enhancer = await start({ threads: 1 });
    await Promise.all([0, 1, 2].map((sequence) => enhancer.enhance(frameOf(spots(64, 40), sequence))));
    expect(await children()).toHaveLength(2);
  });
});

describe('choosing another model', () => {
  afterEach(closeAll);

  it('switches between two frames and loses none', async () => {
    const enhancer = await start();
    let switched = false;
    const choosing = choose(enhancer, 'oldest').then(() => (switched = true));
    const used: string[] = [];
    for (let i = 0; !switched || used.at(-1) !== 'oldest'; i++) {
      used.push((await enhancer.enhance(frameOf(spots(64, 64), i))).prediction.modelId);
    }
    await choosing;
    expect(new Set(used)).toEqual(new Set(['blur', 'oldest']));
    expect(used.indexOf('oldest')).toBe(used.lastIndexOf('blur') + 1);
    await choose(enhancer, 'gaussian');
    expect((await enhancer.enhance(frameOf(spots(64, 64)))).prediction.modelId).toBe('gaussian');
    await until(async () => (await children()).length === 1); // The old processes have ended.
  });

  it('serves with the old one until it is told to switch, and closes one that was never switched to', async () => {
    const enhancer = await start();
    await enhancer.prepareModel('oldest');
    expect((await enhancer.enhance(frameOf(spots(64, 64)))).prediction.modelId).toBe('blur');
    await enhancer.close();
    await until(async () => (await children()).length === 0);
  });

  it('keeps the old one when the new one cannot be used', async () => {
    const enhancer = await start();
    await expect(choose(enhancer, 'lumen-xl')).rejects.toThrow(EnhanceError);
    expect((await enhancer.enhance(frameOf(spots(32, 32)))).prediction.modelId).toBe('blur');
  });
});

describe('a model that breaks', () => {
  afterEach(closeAll);

  it('by NaN costs frames, then a step, and gets another chance', async () => {
    const enhancer = await start({ model: 'moody', faultsInARow: 3, holdMs: 300 });
    const moody = { normalisation: { offset: 100, scale: MOODY_SCALE, source: 'test' } };
    for (let i = 0; i < 3; i++) {
      await expect(enhancer.enhance(frameOf(spots(32, 32), i, moody))).rejects.toThrow(
        new RegExp(`frame-${i}: moody: moody returned`),
      );
    }
    const lower = await enhancer.enhance(frameOf(spots(32, 32), 3, moody));
    expect(lower.prediction).toMatchObject({ modelId: 'gaussian', ladderStep: 1 });
    expect(enhancer.status.because).toMatch(/3 faults in a row/);
    await delay(350);
    const back = await enhancer.enhance(frameOf(spots(32, 32), 4));
    expect(back.prediction).toMatchObject({ modelId: 'moody', ladderStep: 0 });
  });

  it('by the death of its process costs a frame at most; a lower step serves until it is back', async () => {
    const enhancer = await start();
    process.kill((await children()).at(-1)!, 'SIGKILL');
    await until(() => enhancer.status.state === 'restarting');
    expect(enhancer.status.because).toMatch(/blur is being restarted/);
    const meanwhile = await enhancer.enhance(frameOf(spots(32, 32), 0));
    expect(meanwhile.prediction).toMatchObject({ modelId: 'gaussian', ladderStep: 1 });
    await until(() => enhancer.status.state === 'ready');
    expect((await enhancer.enhance(frameOf(spots(32, 32), 1))).prediction.modelId).toBe('blur');
    expect(events.map(({ kind }) => kind)).toEqual(['died', 'restarted']);
    expect(events[0].message).toMatch(/SIGKILL/);
  });

  it('by hanging is stopped and replaced', async () => {
    const enhancer = await start({ runTimeoutMs: 1500 });
    process.kill((await children()).at(-1)!, 'SIGSTOP');
    await expect(enhancer.enhance(frameOf(spots(32, 32), 0))).rejects.toThrow(/did not answer within 1500 ms/);
    expect((await enhancer.enhance(frameOf(spots(32, 32), 1))).prediction.modelId).toBe('gaussian');
    await until(() => enhancer.status.state === 'ready');
    expect((await enhancer.enhance(frameOf(spots(32, 32), 2))).prediction.modelId).toBe('blur');
  });

  it('with no ladder wanted is a fault and nothing else', async () => {
    const enhancer = await start({ model: 'moody', ladder: 'none', faultsInARow: 1 });
    const moody = { normalisation: { offset: 100, scale: MOODY_SCALE, source: 'test' } };
    await expect(enhancer.enhance(frameOf(spots(32, 32), 0, moody))).rejects.toThrow(EnhanceError);
    await expect(enhancer.enhance(frameOf(spots(32, 32), 1, moody))).rejects.toThrow(EnhanceError);
    expect((await enhancer.enhance(frameOf(spots(32, 32), 2))).prediction.ladderStep).toBe(0);
  });
});

describe('start and end', () => {
  afterEach(closeAll);

  it('puts a faster model of the video-rate tier below the chosen one, none that is hardly faster and none for display only', async () => {
    const tiers = temporaryFolder('zoo');
    const videoRate =
      (id: string, displayOnly = false) =>
      (manifest: Record<string, unknown>) =>
        Object.assign(manifest, { id, config: { scopestream: { tier: 'video-rate', displayOnly } } });
    writeTinyPackage(tiers, 'blur', videoRate('pretty', true), 'pretty');
    writeTinyPackage(tiers, 'blur', videoRate('quick'));
    writeTinyPackage(tiers, 'slow', videoRate('steady'));
    writeTinyPackage(tiers, 'slow', videoRate('twin'), 'twin');
    const enhancer = await start({ zooFolders: [tiers], model: 'steady' });
    expect(enhancer.status.steps).toEqual(['steady', 'quick', 'gaussian', 'bicubic']);
    await choose(enhancer, 'quick');
    expect(enhancer.status.steps).toEqual(['quick', 'gaussian', 'bicubic']);
  });

  it('refuses a model that is not there, and a provider that does not work, with the reason', async () => {
    await expect(start({ model: 'absent' })).rejects.toThrow(/there is no model absent/);
    await expect(start({ provider: 'dml' })).rejects.toThrow(ProviderError);
  });

  it('takes the classical filter when `auto` finds no model', async () => {
    const enhancer = await start({ model: 'auto' });
    expect(enhancer.model.id).toBe('gaussian');
    expect(enhancer.status.steps).toEqual(['gaussian', 'bicubic']);
  });

  it('drains and leaves no process behind', async () => {
    const enhancer = await start();
    const last = enhancer.enhance(frameOf(spots(64, 64)));
    await enhancer.close();
    expect((await last).plane.sizeX).toBe(128);
    expect(await children()).toEqual([]);
    await expect(enhancer.enhance(frameOf(spots(64, 64)))).rejects.toThrow(EnhanceError);
    expect(enhancer.status.state).toBe('failed');
  });
});
