/**
 * The lines of `frames.jsonl`. What is the same for many frames (model, normalisation) stands once, in a `provenance` line
 * that the frames after it name by its id.
 */

import type { FrameIndex, Normalisation, Prediction } from '../frame.ts';
import type { LedgerRow, LedgerTotals } from '../ledger.ts';

/** A frame. `raw` and `enhanced` say what was stored of it; absent where nothing was. */
export interface FrameLine extends Omit<LedgerRow, 'prediction'> {
  readonly raw?: StoredRaw;
  readonly enhanced?: StoredEnhanced;
  /** Id of the provenance line that holds its prediction. */
  readonly provenance?: number;
}

export interface StoredRaw {
  /** Where it lies in the store. Differs from `meta.index` when another plane was there already. */
  readonly index: FrameIndex;
  /** Of the pixels, little-endian, row-major, samples interleaved, before compression. */
  readonly sha256: string;
}

export interface StoredEnhanced extends StoredRaw {
  /** `enhanced`, or `enhanced-2` ... where another model made pictures of another shape. */
  readonly image: string;
}

/** Who predicted the pixels of the frames that name it, and from what. */
export interface ProvenanceLine {
  readonly event: 'provenance';
  readonly id: number;
  readonly prediction: Prediction;
  /** x = (raw - offset) / scale; absent when no enhanced plane was stored. */
  readonly normalisation?: Normalisation;
  readonly intensityScale?: number;
  readonly magnification?: number;
}

/** Frames that the sender numbered and that never arrived. */
export interface MissingLine {
  readonly event: 'missing';
  readonly count: number;
  readonly reason: string;
  readonly noticedMs: number;
}

/** A raw plane whose frame had not ended when the recorder was stopped; added when the session was recovered. */
export interface UnendedLine {
  readonly event: 'unended';
  readonly sequence: number;
  readonly because: string;
  readonly arrivedMs: number;
  readonly raw: StoredRaw;
  readonly enhanced?: StoredEnhanced;
}

/** The session was not closed; this is what putting it in order found. */
export interface RecoveredLine {
  readonly event: 'recovered';
  readonly atMs: number;
  /** Unix ms of the last row that the recorder wrote. */
  readonly lastRowMs?: number;
  /** Raw planes on disk whose frame had no row. */
  readonly unended: number;
  /** Bytes of half-written planes that were cut off, and planes whose checksum did not fit. */
  readonly tornBytes: number;
  readonly damagedPlanes: number;
}

/** The last line of a session that was closed. */
export interface ClosedLine {
  readonly event: 'closed';
  readonly atMs: number;
  readonly totals: LedgerTotals;
  /** Why the session ended, where that was no choice. */
  readonly failure?: string;
}

export type EventLine = ProvenanceLine | MissingLine | UnendedLine | RecoveredLine | ClosedLine;
export type LedgerLine = FrameLine | EventLine;

export function isEvent(line: LedgerLine): line is EventLine {
  return 'event' in line;
}

/** A row as it is given to readers: the line with its prediction put back. */
export interface StoredRow extends LedgerRow {
  readonly raw?: StoredRaw;
  readonly enhanced?: StoredEnhanced;
}
