/** The optional last stage: cells, switched on and off and given another model while frames flow. */

import { type CellClassifier, createClassifier } from '../models/classifier/classifier.ts';
import { samplesOf, type CellFinder } from '../models/classifier/cellPackage.ts';
import type { CellRegistry } from '../models/classifier/cellRegistry.ts';
import type { CellSettings } from '../models/classifier/settings.ts';
import { ClassifyError, messageOf } from '../pipeline/errors.ts';
import type { Acquisition, Cell } from '../pipeline/frame.ts';
import type { Classifier } from '../pipeline/ports.ts';
import type { CellChoice, CellCounts, CellsState } from './protocol.ts';

/** The package is chosen when the first frame has shown whether there is colour. */
export const BY_THE_FRAMES = 'auto';

export class CellsSwitch {
  readonly #registry: CellRegistry;
  readonly #settings: Partial<CellSettings>;
  readonly #changed: () => void;
  #classifier: CellClassifier | undefined;
  #acquisition: Acquisition | undefined;
  /** What is wanted: the id of a package, `auto`, or undefined for off. */
  #wanted: string | undefined;
  #state: 'ready' | 'loading' | 'failed' = 'ready';
  #because: string | undefined;
  #switching: Promise<void> = Promise.resolve();

  /** `wanted`: the id of a package, `auto`, or undefined for off. Nothing is loaded before the first session. */
  constructor(
    registry: CellRegistry,
    settings: Partial<CellSettings>,
    wanted: string | undefined,
    changed: () => void,
  ) {
    this.#registry = registry;
    this.#settings = settings;
    this.#wanted = wanted;
    this.#changed = changed;
  }

  /** Whoever looks at the frames of this session now. While one is being loaded, a source that waits for us waits for it. */
  get classifier(): Classifier | undefined {
    if (this.#state === 'loading' && this.#settings.sourceWaits?.()) return this.#whenLoaded;
    return this.#present;
  }

  get state(): CellsState {
    const classifier = this.#classifier;
    return {
      choices: this.#registry.finders.map(choiceOf),
      ...this.#condition(),
      ...(this.#wanted !== undefined && classifier && { modelId: classifier.finder.id, namedBy: classifier.namer?.id }),
      labels: classifier?.labels ?? [],
    };
  }

  /** In the newest look, and of the session. Undefined while nothing looks. */
  get counts(): CellCounts | undefined {
    const classifier = this.#present;
    return classifier && { inView: tally(classifier.cells), ...classifier.tally };
  }

  /** Frames of this acquisition follow. */
  beginSession(acquisition: Acquisition): void {
    this.#acquisition = acquisition;
    this.#classifier?.beginSession(acquisition.physicalSizeX);
    if (this.#wanted === undefined || this.#present) return;
    // The frames do not wait for it; what went wrong is part of the state.
    this.#switchTo(this.#wanted).catch(() => undefined);
  }

  /** Another package, `auto`, or undefined for off. Resolves when it looks. Rejects with ClassifyError; the old one then stays. */
  async choose(wanted: string | undefined): Promise<void> {
    if (wanted !== undefined && wanted !== BY_THE_FRAMES) this.#requireSuitable(this.#registry.get(wanted));
    return this.#switchTo(wanted);
  }

  async close(): Promise<void> {
    await this.#switching.catch(() => undefined);
    await this.#classifier?.close();
  }

  get #present(): CellClassifier | undefined {
    return this.#classifier && this.#suits(this.#classifier.finder) ? this.#classifier : undefined;
  }

  readonly #whenLoaded: Classifier = {
    classify: async (frame) => {
      await this.#switching.catch(() => undefined);
      return this.#present?.classify(frame) ?? {};
    },
    close: async () => {},
  };

  #switchTo(wanted: string | undefined): Promise<void> {
    if (wanted !== undefined && this.#acquisition) this.#enter('loading');
    const switched = this.#switching.catch(() => undefined).then(() => this.#replace(wanted));
    this.#switching = switched;
    switched.catch(() => undefined); // Told to whoever chose, and in the state.
    return switched;
  }

  async #replace(wanted: string | undefined): Promise<void> {
    const before = this.#wanted;
    this.#wanted = wanted;
    if (wanted === undefined) return this.#install(undefined);
    if (!this.#acquisition) return this.#changed(); // The first session will begin with it.
    try {
      const finder = this.#finderFor(wanted, this.#acquisition);
      const next = await createClassifier(finder, this.#registry.namerFor(finder), this.#settings);
      next.beginSession(this.#acquisition.physicalSizeX);
      this.#install(next);
    } catch (error) {
      if (this.#classifier) this.#wanted = before;
      this.#enter('failed', messageOf(error));
      throw error;
    }
  }

  /** The look that is going on still gets its answer. */
  #install(next: CellClassifier | undefined): void {
    void this.#classifier?.close();
    this.#classifier = next;
    this.#enter('ready');
  }

  #finderFor(wanted: string, { samplesPerPixel }: Acquisition): CellFinder {
    if (wanted !== BY_THE_FRAMES) return this.#registry.get(wanted);
    const [first] = this.#registry.finders.filter((finder) => samplesOf(finder) === samplesPerPixel);
    if (first) return first;
    const colour = samplesPerPixel === 3 ? 'colour' : 'grey';
    throw new ClassifyError(`there is no package here that finds cells in ${colour} frames`);
  }

  #suits(finder: CellFinder): boolean {
    return this.#acquisition === undefined || samplesOf(finder) === this.#acquisition.samplesPerPixel;
  }

  #requireSuitable(finder: CellFinder): void {
    if (this.#suits(finder)) return;
    throw new ClassifyError(`${finder.id} looks at ${samplesOf(finder) === 3 ? 'colour' : 'grey'} frames only`);
  }

  #enter(state: 'ready' | 'loading' | 'failed', because?: string): void {
    this.#state = state;
    this.#because = because;
    this.#changed();
  }

  #condition(): Pick<CellsState, 'state' | 'because'> {
    if (this.#state === 'failed') return { state: 'failed', because: this.#because };
    if (this.#wanted === undefined) return { state: 'off' };
    const classifier = this.#classifier;
    if (this.#state === 'loading' || !classifier) return { state: 'loading' };
    if (!this.#present) return { state: 'failed', because: `${classifier.finder.id} does not look at such frames` };
    return { state: classifier.state === 'ready' ? 'ready' : 'restarting' };
  }
}

/** Cells by label. */
function tally(cells: readonly Cell[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { label } of cells) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function choiceOf(finder: CellFinder): CellChoice {
  const { id, name, version, license, description } = finder;
  return { id, name, version, license, description, samplesPerPixel: samplesOf(finder) };
}
