import type { ArrivalInterval } from '../arrivalInterval.ts';
import { messageOf } from '../../pipeline/errors.ts';
import type { Policy } from '../../pipeline/flow.ts';
import type { Enhanced, NormalisedFrame, Plane } from '../../pipeline/frame.ts';
import type { EnhancerStatus } from '../../pipeline/ports.ts';
import { InferenceClient } from '../inferenceClient.ts';
import type { BuiltInId, ModelEntry, Registry } from '../registry.ts';
import { loadRung, loadVideoRate, runRung, takes, type Rung } from './rungs.ts';
import { SecondProcess } from './secondProcess.ts';
import type { EnhancerSettings } from './settings.ts';
import { StepRule } from './stepRule.ts';

/**
 * The fidelity ladder for frames of one kind, grey or colour: what enhances them, from the best to the most modest, and where
 * it stands.
 */
export class Ladder {
  readonly #rungs: readonly Rung[];
  readonly #rule: StepRule;
  /** Holds the networks; absent where there is none. */
  readonly #networks: InferenceClient | undefined;
  /** The best network once more; absent where that would not help. */
  readonly #second: SecondProcess | undefined;
  /** A model that should stand above and does not, and why. */
  readonly #absent: AbsentModel | undefined;

  constructor(
    rungs: readonly Rung[],
    settings: EnhancerSettings,
    { networks, absent }: { readonly networks?: InferenceClient; readonly absent?: AbsentModel } = {},
  ) {
    this.#rungs = settings.ladder === 'full' ? rungs : rungs.slice(0, 1);
    this.#rule = new StepRule({ ...settings, steps: this.#rungs.length });
    this.#networks = networks;
    this.#second =
      networks && SecondProcess.isWorthwhile(rungs[0], settings) ? new SecondProcess(rungs[0], settings) : undefined;
    this.#absent = absent;
  }

  /** The best that is there. */
  get model(): ModelEntry {
    return this.#rungs[0].entry;
  }

  async enhance(frame: NormalisedFrame, policy: Policy, arrivals: ArrivalInterval): Promise<Enhanced> {
    const rule = this.#rule;
    const step = this.#firstReady(rule.stepAt(performance.now()), frame.raw);
    const startedMs = performance.now();
    try {
      const rung = this.#rungs[step];
      const second = step === 0 && rung.client.isBusy ? this.#second?.free : undefined;
      const enhanced = await runRung({ ...rung, client: second ?? rung.client }, step + this.#stepsAbove, frame);
      const endedMs = performance.now();
      rule.succeeded(step, endedMs - startedMs, policy === 'newest' ? arrivals.meanMs : undefined, endedMs);
      return enhanced;
    } catch (error) {
      rule.failed(step, messageOf(error), performance.now());
      throw error;
    }
  }

  get status(): EnhancerStatus {
    const rule = this.#rule;
    const step = this.#firstReady(rule.step);
    const { entry, provider, client } = this.#rungs[step];
    const waiting = step !== rule.step;
    return {
      modelId: entry.id,
      modelVersion: entry.version,
      provider,
      refusals: this.#rungs[0].refusals,
      step: step + this.#stepsAbove,
      steps: [
        ...(this.#absent?.id === undefined ? [] : [this.#absent.id]),
        ...this.#rungs.map((rung) => rung.entry.id),
      ],
      because: waiting
        ? `${this.#rungs[rule.step].entry.id} is being restarted`
        : rule.step === 0
          ? (this.#absent?.because ?? rule.because)
          : rule.because,
      state: waiting || client.state === 'restarting' ? 'restarting' : client.state === 'closed' ? 'failed' : 'ready',
    };
  }

  /** The frames in work still get their answers. Classical methods stay: their process is shared. */
  async close(): Promise<void> {
    await Promise.all([this.#networks?.close(), this.#second?.close()]);
  }

  get #stepsAbove(): number {
    return this.#absent?.id === undefined ? 0 : 1;
  }

  /** The step itself, or the next one below it whose process is there, and which takes such pixels. */
  #firstReady(step: number, raw?: Plane): number {
    const found = this.#rungs.findIndex(
      (rung, i) => i >= step && rung.client.state === 'ready' && (raw === undefined || takes(rung, raw)),
    );
    return found < 0 ? step : found;
  }
}

export interface AbsentModel {
  /** Where it has a place on the ladder; absent, when something else was chosen in its place. */
  readonly id?: string;
  readonly because: string;
}

/** What ladders are built from. */
export interface LadderParts {
  readonly registry: Registry;
  readonly settings: EnhancerSettings;
  /** A classical method, loaded in the process that all ladders share. */
  readonly classical: (kind: BuiltInId, magnification: number) => Promise<Rung>;
}

/** The ladder that begins with a network, in a process of its own. */
export async function networkLadder(entry: ModelEntry, parts: LadderParts): Promise<Ladder> {
  const { registry, settings } = parts;
  const networks = new InferenceClient(settings);
  try {
    const best = await loadRung(networks, entry, settings);
    const videoRate = settings.ladder === 'full' ? await loadVideoRate(best, registry, settings) : undefined;
    const below = await classicalRungs(entry, parts);
    return new Ladder([best, ...(videoRate ? [videoRate] : []), ...below], settings, { networks });
  } catch (error) {
    await networks.close();
    throw error;
  }
}

/** The ladder of classical methods alone, for frames such as the network takes. `absent`: why it is not that network's. */
export async function classicalLadder(
  network: Pick<ModelEntry, 'samplesPerPixel' | 'magnification'>,
  parts: LadderParts,
  absent?: AbsentModel,
): Promise<Ladder> {
  return new Ladder(await classicalRungs(network, parts), parts.settings, { absent });
}

/** Bicubic alone, which takes frames of every kind. */
export async function bicubicLadder(magnification: number, parts: LadderParts, absent?: AbsentModel): Promise<Ladder> {
  return new Ladder([await parts.classical('bicubic', magnification)], parts.settings, { absent });
}

async function classicalRungs(
  { samplesPerPixel, magnification }: Pick<ModelEntry, 'samplesPerPixel' | 'magnification'>,
  { classical }: LadderParts,
): Promise<Rung[]> {
  const bicubic = await classical('bicubic', magnification);
  // Gaussian smoothing is for grey frames.
  return samplesPerPixel === 3 ? [bicubic] : [await classical('gaussian', magnification), bicubic];
}
