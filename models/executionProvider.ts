import { arch, platform } from 'node:os';
import { messageOf, ProviderError } from '../pipeline/errors.ts';
import type { Plane } from '../pipeline/frame.ts';
import type { FrameRequest, InferenceClient, RunResult } from './inferenceClient.ts';
import type { ModelManifest } from './manifest.ts';
import { paddedSize } from './tile.ts';

/**
 * Which execution provider runs a model here. That a provider was built in does not say that it works, and a list of
 * several falls back silently or throws, so each one is tried alone: it must load, run, agree with the CPU and be faster.
 */

export const PROVIDERS = ['tensorrt', 'cuda', 'dml', 'webgpu', 'coreml', 'cpu'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** Providers in the onnxruntime-node package of a platform, the hoped-for fastest first. */
export function providerCandidates(os: string = platform(), cpu: string = arch()): readonly ProviderName[] {
  if (os === 'linux' && cpu === 'x64') return ['tensorrt', 'cuda', 'webgpu', 'cpu'];
  if (os === 'win32') return ['dml', 'webgpu', 'cpu'];
  if (os === 'darwin') return ['coreml', 'webgpu', 'cpu'];
  return ['webgpu', 'cpu'];
}

/** How a provider is loaded under the key of a model. */
export type LoadModel = (provider: ProviderName) => Promise<void>;

export interface ProviderTrial {
  readonly provider: ProviderName;
  /** Median time of a test frame; absent when it did not run. */
  readonly ms?: number;
  /** Why it is not to be used. */
  readonly refusal?: string;
}

/** Root mean square of the difference from the CPU's output over the standard deviation of that output. */
export const TOLERANCE = 0.01;

/**
 * Tries the CPU and then each other candidate alone, and yields what came of it. The model last tried stays loaded. A
 * candidate may take its process down: the client has a new one for the next.
 */
export async function* tryProviders(
  client: InferenceClient,
  key: string,
  manifest: ModelManifest,
  load: LoadModel,
  candidates: readonly ProviderName[] = providerCandidates(),
): AsyncGenerator<ProviderTrial> {
  const frame = testFrame(manifest);
  let cpu: TimedRun | undefined;
  for (const provider of ['cpu' as const, ...candidates.filter((candidate) => candidate !== 'cpu')]) {
    try {
      await client.ready();
      await load(provider);
      const run = await timeRuns(client, key, frame);
      cpu ??= run;
      yield { provider, ms: run.ms, refusal: run === cpu ? undefined : comparison(run, cpu) };
    } catch (error) {
      client.forget(key);
      yield { provider, refusal: shortened(messageOf(error)) };
    }
  }
}

export interface ProviderChoice {
  readonly provider: ProviderName;
  /** Median time of a test frame, ms. */
  readonly ms: number;
  readonly refusals: Readonly<Record<string, string>>;
}

/**
 * Loads the model on the best provider that works and leaves it warm. `wanted` is `auto` or one provider, which then must
 * work, but may be slow. Throws ProviderError with every refusal when none does.
 */
export async function chooseProvider(
  client: InferenceClient,
  key: string,
  manifest: ModelManifest,
  load: LoadModel,
  wanted: ProviderName | 'auto',
): Promise<ProviderChoice> {
  const refusals: Record<string, string> = {};
  let cpuMs: number | undefined;
  const candidates = wanted === 'auto' ? providerCandidates() : [wanted];
  for await (const { provider, ms, refusal } of tryProviders(client, key, manifest, load, candidates)) {
    if (refusal !== undefined) {
      refusals[provider] = refusal;
    } else if (provider === 'cpu' && wanted !== 'cpu') {
      cpuMs = ms;
    } else if (wanted === 'auto' && ms! >= (cpuMs ?? Infinity)) {
      refusals[provider] = `slower than the CPU: ${ms!.toFixed(1)} ms a frame against ${cpuMs!.toFixed(1)} ms`;
    } else {
      return { provider, ms: ms!, refusals };
    }
  }
  if (wanted !== 'auto' || cpuMs === undefined) {
    const reasons = Object.entries(refusals).map(([provider, reason]) => `${provider}: ${reason}`);
    throw new ProviderError(`${manifest.id} cannot run here: ${reasons.join('; ')}`, refusals);
  }
  await client.ready();
  await load('cpu');
  const frame = testFrame(manifest);
  await client.warmUp(key, testRequest(frame), [frame]);
  return { provider: 'cpu', ms: cpuMs, refusals };
}

/** Pixels along a side of the test frame. */
const TEST_FRAME_SIZE = 256;
/** counts of the test frame */
const OFFSET = 100;
const SCALE = 1000;
const GAIN = 16;

/** Spots on a background with noise: the same picture each time, of a size and in the colours that the model takes. */
export function testFrame(model?: Pick<ModelManifest, 'sizeX' | 'sizeY' | 'samplesPerPixel'>): Plane {
  const sizeX = model ? paddedSize(TEST_FRAME_SIZE, model.sizeX) : TEST_FRAME_SIZE;
  const sizeY = model ? paddedSize(TEST_FRAME_SIZE, model.sizeY) : TEST_FRAME_SIZE;
  const data = new Uint16Array(sizeX * sizeY);
  // Once for each column and row: made for each pixel, the picture would hold up the main thread.
  const alongX = Float64Array.from({ length: sizeX }, (_, x) => Math.sin(x / 5) ** 8);
  const alongY = Float64Array.from({ length: sizeY }, (_, y) => Math.sin(y / 7) ** 8);
  let random = 1;
  for (let i = 0; i < data.length; i++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator.
    const spot = alongX[i % sizeX] * alongY[Math.floor(i / sizeX)];
    data[i] = OFFSET + SCALE * (0.9 * spot + 0.1 * (random / 2 ** 32));
  }
  if (model?.samplesPerPixel !== 3) return { sizeX, sizeY, samplesPerPixel: 1, pixelType: 'uint16', data };
  // Dark spots on white, the darker the redder a sample is not.
  const colours = Uint8Array.from({ length: 3 * data.length }, (_, i) => {
    const share = (data[Math.floor(i / 3)] - OFFSET) / SCALE;
    return 250 - (100 + 50 * (i % 3)) * share;
  });
  return { sizeX, sizeY, samplesPerPixel: 3, pixelType: 'uint8', data: colours };
}

/** How the test frame goes through a method. */
export function testRequest({ sizeX, sizeY, samplesPerPixel, pixelType }: Plane): FrameRequest {
  const constants =
    samplesPerPixel === 3 ? { offset: 0, scale: 255, gain: 1 } : { offset: OFFSET, scale: SCALE, gain: GAIN };
  return { sizeX, sizeY, samplesPerPixel, pixelType, ...constants };
}

interface TimedRun {
  readonly result: RunResult;
  readonly ms: number;
}

/** Runs that are timed after the first, which may compile. */
const TIMED_RUNS = 3;

async function timeRuns(client: InferenceClient, key: string, frame: Plane): Promise<TimedRun> {
  const result = await client.warmUp(key, testRequest(frame), [frame]);
  const times: number[] = [];
  for (let i = 0; i < TIMED_RUNS; i++) times.push((await client.warmUp(key, testRequest(frame), [frame])).ms);
  return { result, ms: times.sort((a, b) => a - b)[TIMED_RUNS >> 1] };
}

/** Undefined when both agree. */
function comparison({ result }: TimedRun, cpu: TimedRun): string | undefined {
  const a: ArrayLike<number> = result.data;
  const b: Uint8Array | Uint16Array = cpu.result.data;
  const mean = Array.from(b).reduce((sum, value) => sum + value, 0) / b.length;
  let difference = 0;
  let signal = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    signal += (b[i] - mean) ** 2;
  }
  const relative = Math.sqrt(difference / Math.max(signal, Number.MIN_VALUE));
  if (relative <= TOLERANCE) return undefined;
  return `its output differs from the CPU's by ${(100 * relative).toPrecision(2)} % of the signal`;
}

/** onnxruntime's messages may begin with a place in its own source; the reason comes after the condition that failed. */
export function shortened(message: string): string {
  const [line] = message.trim().split('\n');
  return line.startsWith('/') ? (line.split(' was false. ').at(-1) ?? line) : line;
}
