import { availableParallelism } from 'node:os';
import type { Policy } from '../../pipeline/flow.ts';
import type { ProviderName } from '../executionProvider.ts';
import type { InferenceEvent } from '../inferenceClient.ts';

export interface EnhancerSettings {
  /** Folders with model packages, one below each. */
  readonly zooFolders: readonly string[];
  /**
   * Id of a model; `auto` takes for grey frames DEFAULT_MODEL where it runs and the Gaussian filter where not, for colour frames
   * the first package of theirs that keeps video rate and bicubic where there is none.
   */
  readonly model: string;
  /** Enlargement by a classical method, where one is chosen by its id. */
  readonly magnification: number;
  /** `auto` tries each one and takes the first that agrees with the CPU and is faster. */
  readonly provider: ProviderName | 'auto';
  /** Threads of one inference; 0 means up to two. */
  readonly threads: number;
  /** `newest`: a model that cannot keep the frame interval steps down. `every`: the source waits for it. */
  readonly policy: Policy;
  /** `none`: the chosen model or a fault, nothing in its place; for comparing models. */
  readonly ladder: 'full' | 'none';
  /**
   * A run that takes longer for each begun megapixel of its frame (where it is enlarged twice) is stopped and its process
   * restarted, ms.
   */
  readonly runTimeoutMs: number;
  /** The same for loading a model, where a provider may compile it, ms. */
  readonly loadTimeoutMs: number;
  /** Input pixels along a side; larger frames go through in tiles. */
  readonly tileLimit: number;
  /** Faults in a row that lead one step down. */
  readonly faultsInARow: number;
  /** Late frames in a row that lead one step down ... */
  readonly lateInARow: number;
  /** ... and so does being late for this long: a model that takes seconds a frame need not take forty of them. ms */
  readonly lateForMs: number;
  /** Quiet time before a step up is tried, ms. */
  readonly holdMs: number;
  /** Told when an inference process dies and when a new one is there. Must not throw. */
  readonly onEvent?: (event: InferenceEvent) => void;
}

export const DEFAULT_MODEL = 'lumen-m';

export const DEFAULT_SETTINGS: EnhancerSettings = {
  zooFolders: [],
  model: 'auto',
  magnification: 2,
  provider: 'auto',
  threads: 0,
  policy: 'every',
  ladder: 'full',
  runTimeoutMs: 10_000,
  loadTimeoutMs: 180_000,
  tileLimit: 1024,
  faultsInARow: 3,
  lateInARow: 40,
  lateForMs: 5_000,
  holdMs: 10_000,
};

/** More than two threads on one frame take more from the rest of the service than they give. */
export function threadsOf({ threads }: Pick<EnhancerSettings, 'threads'>): number {
  return threads > 0 ? threads : Math.min(2, availableParallelism());
}
