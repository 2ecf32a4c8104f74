/**
 * What the service said of itself in the last minutes, one entry a second.
 */

import type { LiveStats } from '../../server/protocol.ts';

/** Ten minutes. */
export const HISTORY_LENGTH = 600;

export interface Moment {
  readonly stats: LiveStats;
  /** Frames/s painted here. */
  readonly shownRate: number;
}

/** A note that someone made, for the strip under the image. */
export interface MarkedMoment {
  readonly atMs: number;
  readonly note: string;
}

export class StatsHistory {
  moments = $state.raw<readonly Moment[]>([]);
  marks = $state.raw<readonly MarkedMoment[]>([]);
  latest = $derived<LiveStats | undefined>(this.moments.at(-1)?.stats);

  add(stats: LiveStats, shownRate: number): void {
    this.moments = [...this.moments.slice(-(HISTORY_LENGTH - 1)), { stats, shownRate }];
  }

  mark(note: string): void {
    this.marks = [...this.marks.slice(-99), { atMs: Date.now(), note }];
  }
}
