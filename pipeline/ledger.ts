/**
 * The account of a session: each frame that arrived ends in exactly one state, with a reason, and the totals balance at any
 * instant:
 *
 *     arrived = enhanced + unenhanced + superseded + corrupt + unrecorded + carried + in flight
 *     acquired = arrived + missing
 */

import type { Cell, CellSighting, CellsSkipped, FrameMeta, Prediction, Quality, StageTimes } from './frame.ts';

/** Where a frame can end. */
export const FRAME_ENDS = {
  enhanced: 'kept raw, enhanced and published',
  unenhanced: 'kept raw and published, but its enhancement failed',
  superseded: 'kept raw; a newer frame took its place before the model was free',
  corrupt: 'could not be decoded',
  unrecorded: 'could not be kept; this ends the session',
  carried: 'arrived with another shape and opened the next session',
} as const;
export type FrameEnd = keyof typeof FRAME_ENDS;

/** One line of `frames.jsonl`. */
export interface LedgerRow {
  readonly sequence: number;
  readonly end: FrameEnd;
  readonly because?: string;
  readonly name: string;
  /** Absent for frames that never became a picture. */
  readonly meta?: FrameMeta;
  readonly recorded: boolean;
  readonly times: StageTimes;
  /** Unix ms. */
  readonly endedMs: number;
  readonly prediction?: Prediction;
  readonly quality?: Quality;
  /** Each look at cells stands in one row: that of the frame that was looked at, or, when it came late, of the next one. */
  readonly cells?: readonly Cell[];
  /** Sequence of the frame whose pixels were looked at. */
  readonly cellsSeenIn?: number;
  /** Who found and named them, with versions. */
  readonly cellsBy?: string;
  /** Why this frame's own pixels were not looked at in time. */
  readonly cellsSkipped?: CellsSkipped;
}

/** A look that several frames show on stands in the ledger once. */
export function ledgerCells({ cells, cellsSeenIn, cellsBy, cellsRepeated, cellsSkipped }: CellSighting) {
  return cellsRepeated ? { cellsSkipped } : { cells, cellsSeenIn, cellsBy, cellsSkipped };
}

export interface LedgerTotals extends Readonly<Record<FrameEnd, number>> {
  readonly arrived: number;
  readonly missing: number;
  readonly recorded: number;
  readonly inFlight: number;
}

/** Counts; the rows themselves go to the recording and the monitor. */
export class Ledger {
  #arrived = 0;
  #missing = 0;
  #recorded = 0;
  readonly #ends: Record<FrameEnd, number> = {
    enhanced: 0,
    unenhanced: 0,
    superseded: 0,
    corrupt: 0,
    unrecorded: 0,
    carried: 0,
  };
  readonly #open = new Set<number>();

  /** Registers an arrival and gives its sequence number. */
  arrive(): number {
    const sequence = this.#arrived++;
    this.#open.add(sequence);
    return sequence;
  }

  miss(count: number): void {
    this.#missing += count;
  }

  /** Ends a frame. Throws when it has ended before or never arrived: that is a bug, not an input error. */
  end(row: LedgerRow): void {
    if (!this.#open.delete(row.sequence)) throw new Error(`frame ${row.sequence} ended twice or never arrived`);
    this.#ends[row.end] += 1;
    if (row.recorded) this.#recorded += 1;
  }

  get totals(): LedgerTotals {
    return {
      arrived: this.#arrived,
      missing: this.#missing,
      recorded: this.#recorded,
      inFlight: this.#open.size,
      ...this.#ends,
    };
  }
}

/** True when every arrived frame is accounted for. */
export function balances(totals: LedgerTotals): boolean {
  const ended = (Object.keys(FRAME_ENDS) as FrameEnd[]).reduce((sum, end) => sum + totals[end], 0);
  return totals.arrived === ended + totals.inFlight;
}
