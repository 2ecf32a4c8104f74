import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../../pipeline/errors.ts';
import type { ArrivedFrame } from '../../../../pipeline/frame.ts';
import { exposeFrame, truthTwiceAsFine } from '../../../../pipeline/source/simulator/exposure.ts';
import { PRESETS, type PresetName } from '../../../../pipeline/source/simulator/presets.ts';
import { prepareBench, type SimulatorSettings } from '../../../../pipeline/source/simulator/settings.ts';
import { createSimulator } from '../../../../pipeline/source/simulator/simulator.ts';

const small = { sizeX: 48, sizeY: 32, realTime: false } as const;

async function take(settings: SimulatorSettings): Promise<ArrivedFrame[]> {
  const frames: ArrivedFrame[] = [];
  for await (const event of createSimulator(settings).events(new AbortController().signal)) {
    if (event.type === 'frame') frames.push(event);
  }
  return frames;
}

function pixelsOf({ payload }: ArrivedFrame): Uint8Array | Uint16Array {
  if (payload.kind !== 'plane') throw new Error(`a ${payload.kind} payload`);
  return payload.plane.data as Uint8Array | Uint16Array;
}

function sha256(frames: readonly ArrivedFrame[]): string {
  const hash = createHash('sha256');
  for (const frame of frames) hash.update(pixelsOf(frame));
  return hash.digest('hex');
}

describe('the simulated microscope', () => {
  test('gives frames in order, each with its description', async () => {
    const frames = await take({ ...small, frames: 5 });
    expect(frames.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4].map((n) => `fv-video#${n}`));
    const { payload, description, completedBy } = frames[3]!;
    expect(completedBy).toBe('simulator');
    expect(payload).toMatchObject({
      kind: 'plane',
      plane: { sizeX: 48, sizeY: 32, samplesPerPixel: 1, pixelType: 'uint16' },
    });
    expect(description).toMatchObject({
      index: { t: 3, c: 0, z: 0 },
      significantBits: 12,
      physicalSizeX: 0.2,
      physicalSizeY: 0.2,
      timeIncrement: 0.05,
      exposureTime: 0.05,
      channelName: 'mitochondria',
      emissionWavelength: 520,
      lensNA: 1.2,
    });
    expect(description.deltaT).toBeCloseTo(0.15, 10);
  });

  test('gives the same frames for the same seed, and the frames of its bench', async () => {
    const first = await take({ ...small, frames: 4, seed: 7 });
    const second = await take({ ...small, frames: 4, seed: 7 });
    const other = await take({ ...small, frames: 4, seed: 8 });
    expect(sha256(second)).toBe(sha256(first));
    expect(sha256(other)).not.toBe(sha256(first));
    const { bench } = createSimulator({ ...small, seed: 7 });
    expect(pixelsOf(first[2]!)).toEqual(exposeFrame(bench, 2));
  });

  test.each(Object.keys(PRESETS) as PresetName[])('%s: pixels use their range, and the truth is finite', (preset) => {
    const bench = prepareBench({ preset, sizeX: 96, sizeY: 80 });
    const { significantBits } = bench.microscope.detector;
    const frame = exposeFrame(bench, 3);
    expect(frame.length).toBe(96 * 80 * bench.scene.samplesPerPixel);
    expect(frame).toBeInstanceOf(significantBits <= 8 ? Uint8Array : Uint16Array);
    expect(Math.max(...frame)).toBeLessThan(2 ** significantBits);
    expect(new Set(frame).size).toBeGreaterThan(20);
    const truth = truthTwiceAsFine(bench, 3);
    expect(truth.length).toBe(4 * frame.length);
    expect(truth.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  });

  test('bright pixels of the demo hold a few photo-electrons', () => {
    const bench = prepareBench();
    const light = truthTwiceAsFine(bench, 0).sort();
    expect(light[Math.floor(0.98 * light.length)]).toBeGreaterThan(3);
    expect(light[Math.floor(0.98 * light.length)]).toBeLessThan(10);
  });

  test('colour frames come as RGB in uint8', async () => {
    const [frame] = await take({ ...small, preset: 'smear', frames: 1 });
    expect(frame!.payload).toMatchObject({ plane: { samplesPerPixel: 3, pixelType: 'uint8' } });
    expect(frame!.description.significantBits).toBe(8);
  });

  test('waits for a slow consumer and loses nothing', async () => {
    const seen: (number | undefined)[] = [];
    for await (const event of createSimulator({ ...small, realTime: true, rate: 200, frames: 8 }).events(
      new AbortController().signal,
    )) {
      if (event.type === 'frame') seen.push(event.description.index?.t);
      await sleep(20);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('ends when it is aborted, while it waits for its clock too', async () => {
    const controller = new AbortController();
    let count = 0;
    for await (const event of createSimulator({ ...small, realTime: true, rate: 0.01 }).events(controller.signal)) {
      expect(event.type).toBe('frame');
      count += 1;
      setTimeout(() => controller.abort(), 20);
    }
    expect(count).toBe(1);
  });

  test('ends when the consumer leaves', async () => {
    for await (const event of createSimulator(small).events(new AbortController().signal)) {
      expect(event.type).toBe('frame');
      break;
    }
  });

  test('names a bad setting, its value and its range', () => {
    expect(() => createSimulator({ sizeX: 3 })).toThrow(
      new ConfigError('simulator.sizeX: 3 is not an integer from 16 to 4096'),
    );
    expect(() => createSimulator({ rate: 0 })).toThrow(/simulator\.rate: 0 is not a number from 0\.01 to 10000/);
    expect(() => createSimulator({ seed: 1.5 })).toThrow(/simulator\.seed/);
    expect(() => createSimulator({ preset: 'nothing' as PresetName })).toThrow(/there are fv-video, fv-hr/);
    expect(() => createSimulator({ specimen: { kind: 'smear' } })).toThrow(ConfigError);
  });

  test('memory stays flat over 500 frames', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return (heapUsed + arrayBuffers) / 2 ** 20;
    };
    let count = 0;
    let early = 0;
    const settings = {
      ...small,
      sizeX: 128,
      sizeY: 64,
      specimen: { kind: 'uniform', value: 0.1 },
      frames: 500,
    } as const;
    for await (const event of createSimulator(settings).events(new AbortController().signal)) {
      if (event.type === 'frame') count += 1;
      if (count === 50) early = used();
    }
    expect(count).toBe(500);
    // 450 frames of 16 KiB that were kept would be 7 MiB.
    expect(used() - early).toBeLessThan(3);
  });
});
