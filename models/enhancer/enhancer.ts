import { EnhanceError, messageOf } from '../../pipeline/errors.ts';
import type { Policy } from '../../pipeline/flow.ts';
import type { Enhanced, NormalisedFrame, PixelType } from '../../pipeline/frame.ts';
import type { Enhancer, EnhancerStatus } from '../../pipeline/ports.ts';
import { ArrivalInterval } from '../arrivalInterval.ts';
import { InferenceClient } from '../inferenceClient.ts';
import { openRegistry, type ModelEntry, type Registry } from '../registry.ts';
import { StepRule } from './stepRule.ts';
import { loadBuiltIn, loadRung, loadVideoRate, type Rung } from './rungs.ts';
import { DEFAULT_MODEL, DEFAULT_SETTINGS, type EnhancerSettings } from './settings.ts';

/**
 * Enhances frames with the chosen model, and with a lower step of the fidelity ladder while that one is late, broken or
 * being restarted. Networks live in one process and the classical methods in another, so that these still serve when a
 * network takes its process down.
 */
export interface LadderEnhancer extends Enhancer {
  /** Models that can be chosen. */
  readonly registry: Registry;
  /** The model in use, with its magnification. */
  readonly model: ModelEntry;
  /**
   * Loads and warms another model beside the one in use, which serves on meanwhile. Rejects with EnhanceError or ProviderError
   * when it cannot be used here. The answer switches to it, between two frames; to be called once.
   */
  prepareModel(id: string): Promise<() => void>;
  choosePolicy(policy: Policy): void;
}

/** Resolves when the model is loaded and warm. Throws EnhanceError or ProviderError when the chosen one cannot be used. */
export async function createEnhancer(given: Partial<EnhancerSettings>): Promise<LadderEnhancer> {
  const settings = { ...DEFAULT_SETTINGS, ...given };
  const registry = await openRegistry(settings.zooFolders);
  const filters = new InferenceClient(settings);
  const build = (id: string) => buildSteps(registry, id, filters, settings);
  try {
    return new SwitchingEnhancer(await firstSteps(registry, build, settings), build, registry, filters, settings);
  } catch (error) {
    await filters.close();
    throw error;
  }
}

/** A ladder with its models; replaced as a whole when another model is chosen. */
interface Steps {
  readonly rungs: readonly Rung[];
  /** For colour frames, which no network here takes. */
  readonly colour: Rung;
  readonly rule: StepRule;
  /** Holds the networks; absent when a classical method was chosen. */
  readonly networks?: InferenceClient;
  /** Why the configured model is not in use. */
  readonly substituted?: string;
}

type BuildSteps = (id: string) => Promise<Steps>;

async function firstSteps(registry: Registry, build: BuildSteps, { model }: EnhancerSettings): Promise<Steps> {
  if (model !== 'auto') return build(model);
  if (!registry.models.some(({ id }) => id === DEFAULT_MODEL)) return build('gaussian');
  try {
    return await build(DEFAULT_MODEL);
  } catch (error) {
    return { ...(await build('gaussian')), substituted: messageOf(error) };
  }
}

async function buildSteps(
  registry: Registry,
  id: string,
  filters: InferenceClient,
  settings: EnhancerSettings,
): Promise<Steps> {
  const entry = registry.get(id);
  const { magnification } = entry;
  const isNetwork = entry.method.kind === 'onnx';
  const networks = isNetwork ? new InferenceClient(settings) : undefined;
  try {
    const rungs: Rung[] = [];
    if (networks) {
      const best = await loadRung(networks, entry, settings);
      const videoRate = settings.ladder === 'full' ? await loadVideoRate(best, registry, settings) : undefined;
      rungs.push(best, ...(videoRate ? [videoRate] : []));
    }
    await filters.ready();
    const gaussian = await loadBuiltIn(filters, 'gaussian', magnification);
    const bicubic = await loadBuiltIn(filters, 'bicubic', magnification);
    if (id !== 'bicubic') rungs.push(gaussian);
    rungs.push(bicubic);
    const kept = settings.ladder === 'full' ? rungs : rungs.slice(0, 1);
    return { rungs: kept, colour: bicubic, networks, rule: new StepRule({ ...settings, steps: kept.length }) };
  } catch (error) {
    await networks?.close();
    throw error;
  }
}

class SwitchingEnhancer implements LadderEnhancer {
  readonly registry: Registry;
  #steps: Steps;
  readonly #build: BuildSteps;
  readonly #filters: InferenceClient;
  #policy: Policy;
  #preparing: Promise<void> = Promise.resolve();
  /** Loaded, and not in use yet. */
  readonly #prepared = new Set<Steps>();
  readonly #retired = new Set<Promise<void>>();
  readonly #arrivals = new ArrivalInterval();

  constructor(
    steps: Steps,
    build: BuildSteps,
    registry: Registry,
    filters: InferenceClient,
    { policy }: EnhancerSettings,
  ) {
    this.#steps = steps;
    this.#build = build;
    this.registry = registry;
    this.#filters = filters;
    this.#policy = policy;
  }

  get model(): ModelEntry {
    return this.#steps.rungs[0].entry;
  }

  async enhance(frame: NormalisedFrame): Promise<Enhanced> {
    const steps = this.#steps;
    this.#arrivals.see(frame.meta);
    if (frame.raw.samplesPerPixel === 3) return runRung(steps.colour, steps.rungs.length - 1, frame);

    const step = firstReady(steps, steps.rule.stepAt(performance.now()));
    const startedMs = performance.now();
    try {
      const enhanced = await runRung(steps.rungs[step], step, frame);
      const endedMs = performance.now();
      const intervalMs = this.#policy === 'newest' ? this.#arrivals.meanMs : undefined;
      steps.rule.succeeded(step, endedMs - startedMs, intervalMs, endedMs);
      return enhanced;
    } catch (error) {
      steps.rule.failed(step, messageOf(error), performance.now());
      throw error;
    }
  }

  get status(): EnhancerStatus {
    const { rungs, rule, substituted } = this.#steps;
    const step = firstReady(this.#steps, rule.step);
    const { entry, provider, client } = rungs[step];
    const waiting = step !== rule.step;
    return {
      modelId: entry.id,
      modelVersion: entry.version,
      provider,
      refusals: rungs[0].refusals,
      step,
      steps: rungs.map((rung) => rung.entry.id),
      because: waiting
        ? `${rungs[rule.step].entry.id} is being restarted`
        : rule.step === 0
          ? (substituted ?? rule.because)
          : rule.because,
      state: waiting || client.state === 'restarting' ? 'restarting' : client.state === 'closed' ? 'failed' : 'ready',
    };
  }

  prepareModel(id: string): Promise<() => void> {
    const prepared = this.#preparing.then(async () => {
      const next = await this.#build(id);
      this.#prepared.add(next);
      return () => this.#switchTo(next);
    });
    this.#preparing = prepared.then(
      () => {},
      () => {},
    );
    return prepared;
  }

  #switchTo(next: Steps): void {
    const { networks } = this.#steps;
    this.#steps = next;
    this.#prepared.delete(next);
    if (networks) this.#retire(networks);
  }

  choosePolicy(policy: Policy): void {
    this.#policy = policy;
  }

  async close(): Promise<void> {
    await this.#preparing;
    const unused = [...this.#prepared].map(({ networks }) => networks?.close());
    await Promise.all([this.#steps.networks?.close(), this.#filters.close(), ...unused, ...this.#retired]);
  }

  /** The frame in work still gets its answer from the old process. */
  #retire(client: InferenceClient): void {
    const closed = client.close().finally(() => this.#retired.delete(closed));
    this.#retired.add(closed);
  }
}

/** The step itself, or the next one below it whose process is there. */
function firstReady({ rungs }: Steps, step: number): number {
  const found = rungs.findIndex((rung, i) => i >= step && rung.client.state === 'ready');
  return found < 0 ? step : found;
}

const BITS = { uint8: 8, uint16: 16 } as const;

/** Headroom of stored floating-point intensities above the session's brightest pixels. */
const FLOAT_HEADROOM = 4;

/**
 * Stored value per raw unit, a power of two that is fixed for the session: what is stored keeps fractions of a count and
 * never overflows. 2^(16 - significantBits) for integers.
 */
export function storedGain({ raw, description, normalisation }: NormalisedFrame): number {
  if (raw.pixelType !== 'float32') return 2 ** (16 - (description.significantBits ?? BITS[raw.pixelType]));
  const brightest = normalisation.offset + FLOAT_HEADROOM * normalisation.scale;
  return 2 ** Math.floor(Math.log2(65535 / Math.max(brightest, Number.MIN_VALUE)));
}

async function runRung(
  { entry, client, key, provider }: Rung,
  step: number,
  frame: NormalisedFrame,
): Promise<Enhanced> {
  const { raw, history, normalisation, meta } = frame;
  const { sizeX, sizeY, samplesPerPixel } = raw;
  const gain = samplesPerPixel === 1 ? storedGain(frame) : 1;
  const frames = entry.method.kind === 'onnx' ? entry.method.manifest.temporalFrames : 1;
  const planes = [...(frames > 1 ? history.slice(1 - frames) : []), raw];
  const { offset, scale, detector } = normalisation;
  const request = { sizeX, sizeY, samplesPerPixel, pixelType: raw.pixelType, offset, scale, gain, detector };
  const result = await client.run(key, request, planes).catch((error: unknown) => {
    throw new EnhanceError(`${meta.name}: ${entry.id}: ${messageOf(error)}`, { cause: error });
  });
  const { magnification } = entry;
  const pixelType: PixelType = result.pixelType;
  return {
    plane: {
      sizeX: sizeX * magnification,
      sizeY: sizeY * magnification,
      samplesPerPixel,
      pixelType,
      data: result.data,
    },
    intensityScale: 1 / gain,
    magnification,
    prediction: {
      predicted: true,
      modelId: entry.id,
      modelVersion: entry.version,
      modelSha256: entry.sha256,
      license: entry.license,
      precision: entry.precision,
      provider,
      ladderStep: step,
      tiles: result.tiles,
    },
  };
}
