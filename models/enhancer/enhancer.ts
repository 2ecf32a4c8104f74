import { messageOf } from '../../pipeline/errors.ts';
import type { Policy } from '../../pipeline/flow.ts';
import type { Enhanced, NormalisedFrame } from '../../pipeline/frame.ts';
import type { Enhancer, EnhancerStatus } from '../../pipeline/ports.ts';
import { ArrivalInterval } from '../arrivalInterval.ts';
import { InferenceClient } from '../inferenceClient.ts';
import { openRegistry, type BuiltInId, type ModelEntry, type Registry } from '../registry.ts';
import { bicubicLadder, classicalLadder, networkLadder, type Ladder, type LadderParts } from './ladder.ts';
import { colourDefault, loadBuiltIn, type Rung } from './rungs.ts';
import { DEFAULT_MODEL, DEFAULT_SETTINGS, type EnhancerSettings } from './settings.ts';

/**
 * Enhances frames with the chosen model, and with a lower step of the fidelity ladder while that one is late, broken or
 * being restarted. Networks live in processes of their own and the classical methods in another one, so that these still serve
 * when a network takes its process down.
 */
export interface LadderEnhancer extends Enhancer {
  /** Models that can be chosen. */
  readonly registry: Registry;
  /** The model in use for the frames that come now, with its magnification. */
  readonly model: ModelEntry;
  /** How it stands for frames of one kind; `status` is that of the kind that came last. */
  statusFor(samplesPerPixel: 1 | 3): EnhancerStatus;
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
  const parts: LadderParts = { registry, settings, classical: onceEach(filters) };
  try {
    const first = await (settings.model === 'auto' ? chooseByTheFrames(parts) : chooseModel(settings.model, parts));
    return new SwitchingEnhancer(first, parts, filters);
  } catch (error) {
    await filters.close();
    throw error;
  }
}

/** Loads a classical method when it is first asked for. */
function onceEach(filters: InferenceClient): LadderParts['classical'] {
  const loaded = new Map<string, Promise<Rung>>();
  return async (kind: BuiltInId, magnification: number) => {
    const key = `${kind} x${magnification}`;
    await filters.ready();
    const rung = loaded.get(key) ?? loadBuiltIn(filters, kind, magnification);
    loaded.set(key, rung);
    rung.catch(() => loaded.delete(key));
    return rung;
  };
}

/** What enhances frames of each kind; replaced as a whole when another model is chosen. */
interface Choice {
  readonly grey: Ladder;
  readonly colour: Ladder;
  /** Which of them it was made for. */
  readonly samplesPerPixel: 1 | 3;
  /** Nobody chose a model: this one is loaded for colour when the first colour frame comes. */
  readonly laterForColour?: ModelEntry;
}

/** A model takes frames of one kind; the other kind is enlarged by the same factor. */
async function chooseModel(id: string, parts: LadderParts): Promise<Choice> {
  const entry = parts.registry.get(id);
  const { method, samplesPerPixel } = entry;
  const magnification = method.kind === 'onnx' ? entry.magnification : parts.settings.magnification;
  const others = { because: `${id} takes ${samplesPerPixel === 3 ? 'colour' : 'grey'} frames only` };
  if (id === 'bicubic') {
    const ladder = await bicubicLadder(magnification, parts);
    return { grey: ladder, colour: ladder, samplesPerPixel: 1 };
  }
  if (samplesPerPixel === 3) {
    const grey = await classicalLadder({ magnification, samplesPerPixel: 1 }, parts, others);
    return { grey, colour: await networkLadder(entry, parts), samplesPerPixel };
  }
  const colour = await bicubicLadder(magnification, parts, others);
  const grey =
    method.kind === 'onnx' ? await networkLadder(entry, parts) : await classicalLadder({ magnification }, parts);
  return { grey, colour, samplesPerPixel: 1 };
}

async function chooseByTheFrames(parts: LadderParts): Promise<Choice> {
  const grey = await greyDefault(parts);
  const later = colourDefault(parts.registry);
  if (!later) return { grey, colour: await bicubicLadder(grey.model.magnification, parts), samplesPerPixel: 1 };
  const absent = { id: later.id, because: `${later.id} is being loaded` };
  const colour = await bicubicLadder(later.magnification, parts, absent);
  return { grey, colour, samplesPerPixel: 1, laterForColour: later };
}

async function greyDefault(parts: LadderParts): Promise<Ladder> {
  const entry = parts.registry.models.find(({ id }) => id === DEFAULT_MODEL);
  const classical = parts.registry.get('gaussian');
  if (!entry) return classicalLadder(classical, parts);
  try {
    return await networkLadder(entry, parts);
  } catch (error) {
    return classicalLadder(classical, parts, { because: messageOf(error) });
  }
}

class SwitchingEnhancer implements LadderEnhancer {
  #choice: Choice;
  readonly #parts: LadderParts;
  readonly #filters: InferenceClient;
  #policy: Policy;
  /** Of the frame that came last. */
  #samplesPerPixel: 1 | 3 | undefined;
  #preparing: Promise<void> = Promise.resolve();
  #loadingColour: Promise<void> | undefined;
  /** Loaded, and not in use yet. */
  readonly #prepared = new Set<Choice>();
  readonly #retired = new Set<Promise<void>>();
  readonly #arrivals = new ArrivalInterval();

  constructor(choice: Choice, parts: LadderParts, filters: InferenceClient) {
    this.#choice = choice;
    this.#parts = parts;
    this.#filters = filters;
    this.#policy = parts.settings.policy;
  }

  get registry(): Registry {
    return this.#parts.registry;
  }

  get model(): ModelEntry {
    return this.#ladderFor(this.#samplesPerPixel ?? this.#choice.samplesPerPixel).model;
  }

  async enhance(frame: NormalisedFrame): Promise<Enhanced> {
    const { samplesPerPixel } = frame.raw;
    this.#samplesPerPixel = samplesPerPixel;
    this.#arrivals.see(frame.meta);
    if (samplesPerPixel === 3 && this.#choice.laterForColour) {
      this.#loadingColour ??= this.#loadColour(this.#choice, this.#choice.laterForColour);
      if (this.#policy === 'every') await this.#loadingColour;
    }
    return this.#ladderFor(samplesPerPixel).enhance(frame, this.#policy, this.#arrivals);
  }

  get status(): EnhancerStatus {
    return this.statusFor(this.#samplesPerPixel ?? this.#choice.samplesPerPixel);
  }

  statusFor(samplesPerPixel: 1 | 3): EnhancerStatus {
    return this.#ladderFor(samplesPerPixel).status;
  }

  prepareModel(id: string): Promise<() => void> {
    const prepared = this.#preparing.then(async () => {
      const next = await chooseModel(id, this.#parts);
      this.#prepared.add(next);
      return () => this.#switchTo(next);
    });
    this.#preparing = prepared.then(
      () => {},
      () => {},
    );
    return prepared;
  }

  choosePolicy(policy: Policy): void {
    this.#policy = policy;
  }

  async close(): Promise<void> {
    await this.#preparing;
    await this.#loadingColour;
    await Promise.all([this.#choice, ...this.#prepared].map(closeChoice));
    await Promise.all([this.#filters.close(), ...this.#retired]);
  }

  #ladderFor(samplesPerPixel: 1 | 3): Ladder {
    return samplesPerPixel === 3 ? this.#choice.colour : this.#choice.grey;
  }

  /** What was bicubic until then serves on where the model cannot be used. */
  async #loadColour(choice: Choice, entry: ModelEntry): Promise<void> {
    const colour = await networkLadder(entry, this.#parts).catch((error: unknown) =>
      bicubicLadder(entry.magnification, this.#parts, { id: entry.id, because: messageOf(error) }),
    );
    if (this.#choice === choice) this.#choice = { ...choice, colour, laterForColour: undefined };
    else await colour.close(); // Somebody has chosen another model meanwhile.
  }

  #switchTo(next: Choice): void {
    const before = this.#choice;
    this.#choice = next;
    this.#prepared.delete(next);
    this.#loadingColour = undefined;
    const closed = closeChoice(before).finally(() => this.#retired.delete(closed));
    this.#retired.add(closed);
  }
}

async function closeChoice({ grey, colour }: Choice): Promise<void> {
  await Promise.all([grey.close(), colour.close()]);
}
