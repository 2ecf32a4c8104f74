/** What happened in each second of a session: the numbers behind a timeline. */

import type { FrameEnd } from '../ledger.ts';
import { isFrameEntry, type IndexEntry, type Verdict } from './frameIndex.ts';

export interface SecondSummary {
  /** Whole seconds since the first frame arrived. */
  readonly second: number;
  readonly firstSequence: number;
  readonly frames: number;
  readonly recorded: number;
  readonly ends: Readonly<Partial<Record<FrameEnd | 'unended', number>>>;
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  /** Most cells in one frame. */
  readonly cells: number;
  /** Mean raw intensity; absent when no frame was measured. */
  readonly mean?: number;
  /** Longest time from arrival to end of an enhanced frame, ms. */
  readonly latencyMs?: number;
}

interface Counting {
  second: number;
  firstSequence: number;
  frames: number;
  recorded: number;
  ends: Partial<Record<FrameEnd | 'unended', number>>;
  verdicts: Partial<Record<Verdict, number>>;
  cells: number;
  measured: number;
  meanSum: number;
  latencyMs: number;
}

/** Counts entries as they come, so that a running session is never counted again from its start. */
export class SummaryCounter {
  readonly #seconds = new Map<number, Counting>();
  #startMs: number | undefined;

  count(entry: IndexEntry): void {
    if (!isFrameEntry(entry)) return;
    this.#startMs ??= entry.arrivedMs;
    const number = Math.floor((entry.arrivedMs - this.#startMs) / 1000);
    const second = this.#second(number, entry.sequence);
    const end = entry.kind as FrameEnd | 'unended';
    second.frames += 1;
    second.recorded += entry.hasRaw ? 1 : 0;
    second.ends[end] = (second.ends[end] ?? 0) + 1;
    second.firstSequence = Math.min(second.firstSequence, entry.sequence);
    second.cells = Math.max(second.cells, entry.cells);
    if (entry.verdict !== 'none') second.verdicts[entry.verdict] = (second.verdicts[entry.verdict] ?? 0) + 1;
    if (!Number.isNaN(entry.mean)) {
      second.measured += 1;
      second.meanSum += entry.mean;
    }
    if (end === 'enhanced' && entry.latencyMs > second.latencyMs) second.latencyMs = entry.latencyMs;
  }

  get seconds(): readonly SecondSummary[] {
    return [...this.#seconds.values()]
      .sort((a, b) => a.second - b.second)
      .map(({ measured, meanSum, latencyMs, ...rest }) => ({
        ...rest,
        ...(measured > 0 && { mean: meanSum / measured }),
        ...(latencyMs > 0 && { latencyMs }),
      }));
  }

  #second(number: number, sequence: number): Counting {
    const known = this.#seconds.get(number);
    if (known) return known;
    const fresh: Counting = {
      second: number,
      firstSequence: sequence,
      frames: 0,
      recorded: 0,
      ends: {},
      verdicts: {},
      cells: 0,
      measured: 0,
      meanSum: 0,
      latencyMs: 0,
    };
    this.#seconds.set(number, fresh);
    return fresh;
  }
}
