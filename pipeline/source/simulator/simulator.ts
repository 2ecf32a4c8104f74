import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { SourceError } from '../../errors.ts';
import type { ArrivedFrame, Plane, PlaneDescription } from '../../frame.ts';
import type { Source } from '../../ports.ts';
import { siblingModule, startThread } from '../../thread.ts';
import { singleUse } from '../singleUse.ts';
import type { Bench } from './exposure.ts';
import { PRESETS } from './presets.ts';
import type { RenderedFrame, RenderRequest } from './renderThread.ts';
import { planBench, prepareBench, type BenchPlan, type SimulatorSettings } from './settings.ts';

/** The built-in microscope. `pairOf(bench, t)` knows the truth behind the frame of index `t`. */
export interface Simulator extends Source {
  readonly kind: 'simulator';
  /** Made when it is first asked for: the frames come from another one, in the thread that renders. */
  readonly bench: Bench;
}

/** Frames that are rendered before they are due. */
const AHEAD = 2;

/**
 * Frames at the microscope's own rate, by a clock that does not drift. A consumer that is slow makes it wait, which a real
 * microscope would not do: no frame is lost, the specimen's time stands still meanwhile, and the clock starts anew.
 * Throws ConfigError for a bad setting.
 */
export function createSimulator(settings: SimulatorSettings = {}): Simulator {
  const { preset = 'fv-video', realTime = true, frames = Infinity } = settings;
  const plan = planBench(settings);
  let bench: Bench | undefined;
  const source = singleUse('simulator', `simulator ${preset}: ${PRESETS[preset].title}`, async function* (signal) {
    const renderer = startRenderer(settings);
    const clock = realTime ? createClock(plan.microscope.rate) : undefined;
    try {
      for (let index = 0; index < frames && !signal.aborted; index++) {
        const rendered = await renderer.frame(index, frames);
        if (clock && !(await clock.due(signal))) return;
        if (signal.aborted) return;
        yield arrived(plan, preset, rendered);
      }
    } finally {
      await renderer.close();
    }
  });
  return {
    ...source,
    kind: 'simulator',
    get bench() {
      return (bench ??= prepareBench(settings));
    },
  };
}

function arrived(plan: BenchPlan, preset: string, rendered: RenderedFrame): ArrivedFrame {
  return {
    type: 'frame',
    name: `${preset}#${rendered.index}`,
    arrivedMs: performance.timeOrigin + performance.now(),
    payload: { kind: 'plane', plane: planeOf(plan, rendered) },
    description: describe(plan, rendered),
    completedBy: 'simulator',
  };
}

function planeOf({ microscope }: BenchPlan, { data, samplesPerPixel }: RenderedFrame): Plane {
  const pixelType = data instanceof Uint8Array ? 'uint8' : 'uint16';
  return {
    sizeX: microscope.sizeX,
    sizeY: microscope.sizeY,
    samplesPerPixel,
    pixelType,
    data,
  };
}

function describe({ microscope, seed }: BenchPlan, { index, channelName }: RenderedFrame): PlaneDescription {
  const { rate, optics, pixelSize, detector } = microscope;
  return {
    index: { t: index, c: 0, z: 0 },
    significantBits: detector.significantBits,
    physicalSizeX: pixelSize,
    physicalSizeY: pixelSize,
    timeIncrement: 1 / rate,
    deltaT: index / rate,
    exposureTime: 1 / rate,
    channelName,
    emissionWavelength: optics.emissionWavelength,
    lensNA: optics.lensNA,
    statedMetadata: { simulated: true, seed },
  };
}

/** Waits for each frame's moment. Being late by more than a frame starts the clock anew instead of hurrying after it. */
function createClock(rate: number): { due(signal: AbortSignal): Promise<boolean> } {
  const periodMs = 1000 / rate;
  let nextMs = performance.now();
  return {
    /** False when `signal` aborted first. */
    async due(signal) {
      const waitMs = nextMs - performance.now();
      if (waitMs < -periodMs) nextMs = performance.now();
      nextMs += periodMs;
      if (waitMs <= 0) return !signal.aborted;
      return sleep(waitMs, true, { signal }).catch(() => false);
    },
  };
}

/** The thread that renders, kept `AHEAD` frames before the one that is asked for. */
function startRenderer(settings: SimulatorSettings) {
  const thread: Worker = startThread(siblingModule(import.meta.url, './renderThread'), { workerData: settings });
  const exited = once(thread, 'exit').catch(() => undefined);
  const ready = new Map<number, PromiseWithResolvers<RenderedFrame>>();
  let requested = 0;
  let fault: SourceError | undefined;

  thread.on('message', (frame: RenderedFrame) => ready.get(frame.index)?.resolve(frame));
  const fail = (cause: unknown) => {
    fault ??= new SourceError('the simulated microscope stopped rendering', { cause });
    for (const waiting of ready.values()) waiting.reject(fault);
  };
  thread.on('error', fail);
  thread.on('exit', fail);

  return {
    async frame(index: number, frames: number): Promise<RenderedFrame> {
      for (; requested <= index + AHEAD && requested < frames; requested++) {
        ready.set(requested, withResolvers());
        thread.postMessage({ index: requested } satisfies RenderRequest);
      }
      if (fault) throw fault;
      const frame = await ready.get(index)!.promise;
      ready.delete(index);
      return frame;
    },
    /** Lets the thread finish what it has begun. */
    async close(): Promise<void> {
      thread.postMessage('close' satisfies RenderRequest);
      await exited;
    },
  };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

/** Promise.withResolvers, which Node 20 does not have. A rejection that nobody waits for yet is no fault of its own. */
function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
