import { arch, platform } from 'node:os';
import { messageOf, ProviderError } from '../pipeline/errors.ts';
import type { Plane } from '../pipeline/frame.ts';
import type { InferenceClient, RunResult } from './inferenceClient.ts';
import type { RunRequest } from './inferenceMessages.ts';
import type { ModelManifest } from './manifest.ts';
import { paddedSize } from './tile.ts';

/**
 * Which execution provider runs a model here. That a provider was built in does not say that it works, and a list of
 * several falls back silently or throws, so each one is tried alone: it must load, run, agree with the CPU and be faster.
 */

export const PROVIDERS = ['tensorrt', 'cuda', 'dml', 'webgpu', 'coreml', 'cpu'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** Providers in the onnxruntime-node packages of a platform, the hoped-for fastest first. */
export function providerCandidates(os: string = platform(), cpu: string = arch()): readonly ProviderName[] {
  if (os === 'linux' && cpu === 'x64') return ['tensorrt', 'cuda', 'webgpu', 'cpu'];
  if (os === 'win32') return ['dml', 'webgpu', 'cpu'];
  if (os === 'darwin') return ['coreml', 'webgpu', 'cpu'];
  return ['webgpu', 'cpu'];
}

export interface ProviderChoice {
  readonly provider: ProviderName;
  /** Median time of a test frame, ms. */
  readonly ms: number;
  readonly refusals: Readonly<Record<string, string>>;
}

/** Pixels along a side of the test frame. */
export const TEST_FRAME_SIZE = 256;
/** Root mean square of the difference from the CPU's output over the standard deviation of that output. */
const TOLERANCE = 0.01;
/** Runs that are timed after the first, which may compile. */
const TIMED_RUNS = 3;

/** How a provider is loaded under a key of the client. */
export type LoadModel = (provider: ProviderName) => Promise<void>;

/**
 * Loads the model on the best provider that works, and leaves it loaded. `wanted` is `auto` or one provider; a wanted one
 * must work. Throws ProviderError with every refusal when none does.
 */
export async function chooseProvider(
  client: InferenceClient,
  key: string,
  manifest: ModelManifest,
  load: LoadModel,
  wanted: ProviderName | 'auto',
): Promise<ProviderChoice> {
  const refusals: Record<string, string> = {};
  const frame = testFrame(manifest);
  const measure = async (provider: ProviderName): Promise<{ result: RunResult; ms: number } | undefined> => {
    try {
      await client.ready();
      await load(provider);
      return await timeRuns(client, key, frame);
    } catch (error) {
      refusals[provider] = shortened(messageOf(error));
      client.forget(key);
      return undefined;
    }
  };

  const cpu = await measure('cpu');
  if (wanted === 'cpu' && cpu) return { provider: 'cpu', ms: cpu.ms, refusals };
  const candidates = wanted === 'auto' ? providerCandidates().filter((provider) => provider !== 'cpu') : [wanted];
  for (const provider of candidates) {
    const tried = provider === 'cpu' ? undefined : await measure(provider);
    if (!tried) continue;
    const difference = cpu ? relativeDifference(tried.result, cpu.result) : 0;
    if (difference > TOLERANCE) {
      refusals[provider] = `its output differs from the CPU's by ${(100 * difference).toPrecision(2)} % of the signal`;
    } else if (wanted === 'auto' && cpu && tried.ms >= cpu.ms) {
      refusals[provider] = `slower than the CPU: ${tried.ms.toFixed(1)} ms a frame against ${cpu.ms.toFixed(1)} ms`;
    } else {
      return { provider, ms: tried.ms, refusals };
    }
  }
  if (wanted === 'auto' && cpu) {
    if (candidates.length > 0) {
      await client.ready();
      await load('cpu');
      await client.run(key, testRequest(frame), [frame]);
    }
    return { provider: 'cpu', ms: cpu.ms, refusals };
  }
  const reasons = Object.entries(refusals).map(([provider, reason]) => `${provider}: ${reason}`);
  throw new ProviderError(`${manifest.id} cannot run here: ${reasons.join('; ')}`, refusals);
}

/** onnxruntime's messages begin with the place in its own source; the reason is the last sentence. */
function shortened(message: string): string {
  const line = message.trim().split('\n')[0];
  return line.startsWith('/') ? line.slice(line.lastIndexOf(' was false. ') + 1).replace('was false. ', '') : line;
}

async function timeRuns(
  client: InferenceClient,
  key: string,
  plane: Plane,
): Promise<{ readonly result: RunResult; readonly ms: number }> {
  const request = testRequest(plane);
  const result = await client.run(key, request, [plane]);
  const times: number[] = [];
  for (let i = 0; i < TIMED_RUNS; i++) times.push((await client.run(key, request, [plane])).ms);
  return { result, ms: times.sort((a, b) => a - b)[TIMED_RUNS >> 1] };
}

/** counts of the test frame */
const OFFSET = 100;
const SCALE = 1000;

/** How the test frame goes through a model. */
export function testRequest({ sizeX, sizeY, samplesPerPixel, pixelType }: Plane): Omit<RunRequest, 'planes'> {
  return { sizeX, sizeY, samplesPerPixel, pixelType, offset: OFFSET, scale: SCALE, gain: 16 };
}

/** Blurred spots on a background with noise: the same picture each time, of a size that the model takes. */
export function testFrame(manifest: Pick<ModelManifest, 'sizeX' | 'sizeY'>): Plane {
  const sizeX = paddedSize(TEST_FRAME_SIZE, manifest.sizeX);
  const sizeY = paddedSize(TEST_FRAME_SIZE, manifest.sizeY);
  const data = new Uint16Array(sizeX * sizeY);
  let random = 1;
  for (let i = 0; i < data.length; i++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator.
    const wave = Math.sin((i % sizeX) / 5) * Math.sin(Math.floor(i / sizeX) / 7);
    data[i] = OFFSET + SCALE * (0.9 * wave ** 8 + 0.1 * (random / 2 ** 32));
  }
  return { sizeX, sizeY, samplesPerPixel: 1, pixelType: 'uint16', data };
}

function relativeDifference(a: RunResult, b: RunResult): number {
  const mean = (b.data as Uint16Array).reduce((sum, value) => sum + value, 0) / b.data.length;
  let difference = 0;
  let signal = 0;
  for (let i = 0; i < b.data.length; i++) {
    difference += (a.data[i] - b.data[i]) ** 2;
    signal += (b.data[i] - mean) ** 2;
  }
  return Math.sqrt(difference / Math.max(signal, Number.MIN_VALUE));
}
