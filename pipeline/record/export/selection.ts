/** Which frames of a session are exported, and where they stand in the exported file. */

import type { FrameIndex } from '../../frame.ts';
import type { IndexEntry } from '../frameIndex.ts';
import type { RecordedSession } from '../review.ts';

export interface Range {
  /** Sequence of the first frame; default 0. */
  readonly from?: number;
  /** Sequence after the last frame; default all. */
  readonly to?: number;
  /** Every n-th recorded frame; default 1. */
  readonly every?: number;
}

export interface SelectedFrame {
  readonly entry: IndexEntry;
  /** Time points of the selection count from 0 without gaps; a hole inside it stays a hole. */
  readonly index: FrameIndex;
}

/** Recorded frames in the order t, z, c: the order of an ImageJ stack. */
export function select(
  session: RecordedSession,
  { from = 0, to = session.frameCount, every = 1 }: Range,
): SelectedFrame[] {
  const entries: IndexEntry[] = [];
  let recorded = 0;
  for (let sequence = from; sequence < Math.min(to, session.frameCount); sequence++) {
    const entry = session.index.bySequence(sequence);
    if (entry?.hasRaw && recorded++ % every === 0) entries.push(entry);
  }
  const times = [...new Set(entries.map(({ t }) => t))].sort((a, b) => a - b);
  const newT = new Map(times.map((t, at) => [t, at]));
  return entries
    .map((entry) => ({ entry, index: { t: newT.get(entry.t)!, c: entry.c, z: entry.z } }))
    .sort(({ index: a }, { index: b }) => a.t - b.t || a.z - b.z || a.c - b.c);
}
