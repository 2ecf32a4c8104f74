/**
 * What the service said of itself in the last minutes, one entry a second.
 */

import type { LiveMark, LiveStats } from '../../server/protocol.ts';

/** Ten minutes. */
export const HISTORY_LENGTH = 600;

export interface Moment {
  readonly stats: LiveStats;
  /** Frames/s painted here. */
  readonly shownRate: number;
}

const MAX_MARKS = 100;

export class StatsHistory {
  moments = $state.raw<readonly Moment[]>([]);
  /** Of the session on show, from whoever made them. */
  marks = $state.raw<readonly LiveMark[]>([]);
  latest = $derived<LiveStats | undefined>(this.moments.at(-1)?.stats);

  add(stats: LiveStats, shownRate: number): void {
    this.moments = [...this.moments.slice(-(HISTORY_LENGTH - 1)), { stats, shownRate }];
  }

  /** Marks that are new, changed or taken back. */
  hear(marks: readonly LiveMark[]): void {
    for (const mark of marks) {
      const others = this.marks.filter(({ id, sessionId }) => id !== mark.id && sessionId === mark.sessionId);
      this.marks = mark.removed ? others : [...others, mark].slice(-MAX_MARKS);
    }
  }
}
