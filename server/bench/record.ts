/** The recorder alone: does it keep up, off the main thread, and what does each codec cost? */

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentilesOf } from '../../monitoring/secondWindow.ts';
import type { ArrivedFrame, ClassifiedFrame, Plane } from '../../pipeline/frame.ts';
import { describeAcquisition } from '../../pipeline/place.ts';
import type { Recording } from '../../pipeline/ports.ts';
import { createRecorder } from '../../pipeline/record/recorder.ts';
import type { CodecName } from '../../pipeline/record/settings.ts';
import { SOFTWARE_VERSION } from '../packageRoot.ts';
import { type Figure, ms, perSecond } from './table.ts';

/** Frames that are on their way to the disk at once, as on the live path. */
const AT_ONCE = 4;
const CODECS: readonly CodecName[] = ['blosc', 'zstd', 'none'];

/** Raw 256x256 and enhanced 512x512 at `rate`, and then each codec as fast as it goes. */
export async function recordingRates(frames: readonly ArrivedFrame[], rate: number, count: number): Promise<Figure[]> {
  const pairs = frames.map(pairOf);
  const what = 'record raw + enhanced, 256 -> 512';
  const figures = [await run(`${what}, blosc, at ${rate}/s`, pairs, { codec: 'blosc', rate, count })];
  for (const codec of CODECS) {
    figures.push(await run(`${what}, ${codec}, as fast as it goes`, pairs, { codec, rate: Infinity, count }));
  }
  return figures;
}

interface Pace {
  readonly codec: CodecName;
  /** frames/s */
  readonly rate: number;
  readonly count: number;
}

async function run(what: string, pairs: readonly ClassifiedFrame[], { codec, rate, count }: Pace): Promise<Figure> {
  const root = await mkdtemp(join(tmpdir(), 'scopestream-bench-'));
  const recorder = createRecorder({ root, codec, softwareVersion: SOFTWARE_VERSION });
  const acquisition = describeAcquisition(pairs[0]!.raw, {}, { kind: 'memory', name: 'bench' });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  try {
    const recording = await recorder.open(acquisition);
    const waits: number[] = [];
    const onTheWay = new Set<Promise<void>>();
    delay.enable();
    const busyBefore = performance.eventLoopUtilization();
    const startedMs = performance.now();
    for (let sequence = 0; sequence < count; sequence++) {
      const earlyMs = startedMs + (sequence * 1000) / rate - performance.now();
      if (earlyMs > 0) await sleep(earlyMs);
      while (onTheWay.size >= AT_ONCE) await Promise.race(onTheWay);
      const kept: Promise<void> = keep(recording, at(pairs[sequence % pairs.length]!, sequence), waits);
      onTheWay.add(kept);
      void kept.then(() => onTheWay.delete(kept));
    }
    await Promise.all(onTheWay);
    const seconds = (performance.now() - startedMs) / 1000;
    const { utilization } = performance.eventLoopUtilization(busyBefore);
    delay.disable();
    await recording.close({ ...NOTHING, arrived: count, recorded: count, enhanced: count });
    const { p50, p95 } = percentilesOf(waits)!;
    const pixelBytes = count * (pairs[0]!.raw.data.byteLength + pairs[0]!.enhanced!.plane.data.byteLength);
    return {
      what,
      values: {
        rate: perSecond(count / seconds),
        'raw kept after': ms(p50),
        p95: ms(p95),
        'main thread busy': `${Math.round(utilization * 100)} %`,
        'its delay p99': ms(Math.max(0, delay.percentile(99) / 1e6 - 1)),
        smaller: `${(pixelBytes / (await sizeOf(recording.status.path!))).toFixed(2)}x`,
      },
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Writes both planes and the row of a frame, and notes how long the raw plane took to be kept. */
async function keep(recording: Recording, frame: ClassifiedFrame, waits: number[]): Promise<void> {
  const startedMs = performance.now();
  await recording.writeRaw(frame);
  waits.push(performance.now() - startedMs);
  await recording.writeEnhanced(frame);
  const { meta, enhanced } = frame;
  const { sequence, name } = meta;
  const prediction = enhanced?.prediction;
  recording.writeRow({
    sequence,
    name,
    meta,
    end: 'enhanced',
    recorded: true,
    times: {},
    endedMs: Date.now(),
    prediction,
  });
}

const NOTHING = {
  ...{ arrived: 0, missing: 0, recorded: 0, inFlight: 0 },
  ...{ enhanced: 0, unenhanced: 0, superseded: 0, corrupt: 0, unrecorded: 0, carried: 0 },
};

/** A rendered frame with a picture of twice its size: each pixel doubled, sixteen stored units a count. */
function pairOf({ payload, description }: ArrivedFrame): ClassifiedFrame {
  if (payload.kind !== 'plane') throw new Error('benchmarks record planes');
  const raw = payload.plane;
  return {
    meta: { sequence: 0, index: { t: 0, c: 0, z: 0 }, name: '', arrivedMs: 0, completedBy: 'memory' },
    raw,
    description,
    times: {},
    normalisation: { offset: 0, scale: 1, source: 'bench' },
    history: [],
    enhanced: { plane: doubled(raw), intensityScale: 1 / 16, magnification: 2, prediction: PREDICTION },
  };
}

const PREDICTION = {
  predicted: true,
  ...{ modelId: 'doubled', modelVersion: '1', modelSha256: '', license: 'Apache-2.0', precision: 'uint16' },
  ...{ provider: 'cpu', ladderStep: 0, tiles: 1 },
} as const;

/** Neighbours differ a little, as those of a real picture do: a picture of equal pairs would be compressed too well. */
function doubled({ sizeX, sizeY, data }: Plane): Plane {
  const pixels = new Uint16Array(4 * sizeX * sizeY);
  for (let y = 0; y < 2 * sizeY; y++) {
    for (let x = 0; x < 2 * sizeX; x++) {
      const left = data[(y >> 1) * sizeX + (x >> 1)]!;
      const right = data[(y >> 1) * sizeX + Math.min(sizeX - 1, (x + 1) >> 1)]!;
      pixels[y * 2 * sizeX + x] = 8 * (left + right);
    }
  }
  return { sizeX: 2 * sizeX, sizeY: 2 * sizeY, samplesPerPixel: 1, pixelType: 'uint16', data: pixels };
}

function at(frame: ClassifiedFrame, sequence: number): ClassifiedFrame {
  const index = { t: sequence, c: 0, z: 0 };
  return { ...frame, meta: { ...frame.meta, sequence, index, name: `memory#${sequence}`, arrivedMs: Date.now() } };
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files.map(async (file) => (file.isFile() ? (await stat(join(file.parentPath, file.name))).size : 0));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
