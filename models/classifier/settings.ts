import type { ProcessEvent } from '../modelProcess.ts';

export interface CellSettings {
  /**
   * An image waits at most this long for its own cells, or a tenth of the time between frames where that is longer, and never
   * longer than half of it, ms.
   */
  readonly budgetMs: number;
  /** True while the source waits for the service, as a replay does: then each frame waits for its own cells. */
  readonly sourceWaits: () => boolean;
  /** The same cells are looked at in raw pixels at most this often, ms. */
  readonly compareEveryMs: number;
  /** Which channel is looked at. */
  readonly channel: number;
  /** Of one look. */
  readonly threads: number;
  /** Pixels that the finder gets per raw pixel; 0: by the size of cells that it was trained with. */
  readonly finderScale: number;
  /** A look that takes longer is stopped and its process started again, ms. */
  readonly lookTimeoutMs: number;
  readonly loadTimeoutMs: number;
  /** Told of each look and of each frame that was passed over. Must not throw. */
  readonly onLook?: (look: LookEvent) => void;
  /** Told when the process dies and when it is back. Must not throw. */
  readonly onEvent?: (event: ProcessEvent) => void;
}

export type LookEvent =
  /** `ms`: from the frame to its cells. `flips`: cells whose answer was newly found to come from the enhancement. */
  | { readonly kind: 'looked'; readonly ms: number; readonly flips: number }
  | { readonly kind: 'skipped'; readonly because: 'busy' | 'late' }
  | { readonly kind: 'failed'; readonly problem: string };

export const DEFAULT_CELL_SETTINGS: CellSettings = {
  budgetMs: 25,
  sourceWaits: () => false,
  compareEveryMs: 1000,
  channel: 0,
  threads: 1,
  finderScale: 0,
  lookTimeoutMs: 60_000,
  loadTimeoutMs: 180_000,
};
