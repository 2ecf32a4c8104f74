/** The frames of a session, by sequence, by time and by place: from `frames.index`, or from the ledger where it is missing. */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameIndex } from '../frame.ts';
import {
  ENTRY_BYTES,
  frameSequence,
  INDEX_FILE,
  isFrameEntry,
  makeEntry,
  readEntries,
  readEntry,
  type IndexEntry,
} from './frameIndex.ts';
import { chainStart, LEDGER_FILE, readLedger } from './ledgerFile.ts';
import type { LedgerLine } from './rows.ts';
import { SESSION_FILE } from './sessionFile.ts';

export class SessionIndex {
  readonly #path: string;
  /** False when the entries come from the ledger, because the index file is missing or too short. */
  readonly #follows: boolean;
  #entries: Buffer;
  #count: number;
  /** Entry of each sequence, -1 where none is. */
  #ofSequence = new Int32Array(0);
  #sequences = 0;
  /** Entries of the lines that are no frames. */
  readonly #events: number[] = [];
  /** Entries that the look-ups above cover. */
  #covered = 0;
  /** Made when it is first asked for. */
  readonly #ofPlace = new Map<number, number>();
  #placesCovered = 0;

  private constructor(path: string, entries: Buffer, follows: boolean) {
    this.#path = path;
    this.#entries = entries;
    this.#count = entries.length / ENTRY_BYTES;
    this.#follows = follows;
    this.#cover();
  }

  static async open(folder: string, { isLive }: { isLive: boolean }): Promise<SessionIndex> {
    const path = join(folder, INDEX_FILE);
    const entries = readEntries(path);
    const isWhole = isLive ? existsSync(path) : coversLedger(folder, entries);
    return isWhole ? new SessionIndex(path, entries, isLive) : new SessionIndex(path, await fromLedger(folder), false);
  }

  /** Number of ledger lines, events included. */
  get count(): number {
    return this.#count;
  }

  /** One more than the highest sequence. */
  get sequences(): number {
    return this.#sequences;
  }

  entry(at: number): IndexEntry {
    return readEntry(this.#entries, at);
  }

  /** Entries of the lines that are no frames, in the order of the ledger. */
  get events(): readonly IndexEntry[] {
    return this.#events.map((at) => this.entry(at));
  }

  /** Takes in what was recorded since. */
  refresh(): void {
    if (!this.#follows) return;
    const more = readEntries(this.#path, this.#count);
    if (more.length === 0) return;
    const needed = this.#count * ENTRY_BYTES + more.length;
    if (needed > this.#entries.length) {
      const grown = Buffer.alloc(Math.max(needed, 2 * this.#entries.length));
      this.#entries.copy(grown, 0, 0, this.#count * ENTRY_BYTES);
      this.#entries = grown;
    }
    more.copy(this.#entries, this.#count * ENTRY_BYTES);
    this.#count += more.length / ENTRY_BYTES;
    this.#cover();
  }

  bySequence(sequence: number): IndexEntry | undefined {
    const at = this.#ofSequence[sequence] ?? -1;
    return at < 0 ? undefined : this.entry(at);
  }

  byPlace({ t, c, z }: FrameIndex): IndexEntry | undefined {
    this.#coverPlaces();
    const at = this.#ofPlace.get(placeKey(t, c, z));
    return at === undefined ? undefined : this.entry(at);
  }

  /**
   * The frame that had arrived last at a time (Unix ms), the first one for a time before it. Frames arrive in the order of
   * their sequence.
   */
  byTime(ms: number): IndexEntry | undefined {
    let low = 0;
    let high = this.#sequences;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#atOrBefore(middle);
      if (entry === undefined || entry.arrivedMs <= ms) low = middle + 1;
      else high = middle;
    }
    return this.#atOrBefore(low - 1) ?? this.#first();
  }

  /** The nearest frame at or before a sequence. */
  #atOrBefore(sequence: number): IndexEntry | undefined {
    for (let s = sequence; s >= 0; s--) {
      const entry = this.bySequence(s);
      if (entry) return entry;
    }
    return undefined;
  }

  #first(): IndexEntry | undefined {
    const at = this.#ofSequence.find((entry) => entry >= 0);
    return at === undefined ? undefined : this.entry(at);
  }

  #cover(): void {
    for (; this.#covered < this.#count; this.#covered++) {
      const sequence = frameSequence(this.#entries, this.#covered);
      if (Number.isNaN(sequence)) this.#events.push(this.#covered);
      else this.#noteSequence(sequence, this.#covered);
    }
  }

  #coverPlaces(): void {
    for (; this.#placesCovered < this.#count; this.#placesCovered++) {
      const entry = this.entry(this.#placesCovered);
      if (isFrameEntry(entry) && entry.hasRaw)
        this.#ofPlace.set(placeKey(entry.t, entry.c, entry.z), this.#placesCovered);
    }
  }

  #noteSequence(sequence: number, at: number): void {
    if (sequence >= this.#ofSequence.length) {
      const grown = new Int32Array(Math.max(1024, 2 * this.#ofSequence.length, sequence + 1)).fill(-1);
      grown.set(this.#ofSequence);
      this.#ofSequence = grown;
    }
    this.#ofSequence[sequence] = at;
    this.#sequences = Math.max(this.#sequences, sequence + 1);
  }
}

/** One number for a place; exact for t below 2^31, c below 2^8 and z below 2^12. */
function placeKey(t: number, c: number, z: number): number {
  return (t * 2 ** 12 + z) * 2 ** 8 + c;
}

function coversLedger(folder: string, entries: Buffer): boolean {
  const ledgerBytes = statSync(join(folder, LEDGER_FILE), { throwIfNoEntry: false })?.size ?? 0;
  const count = entries.length / ENTRY_BYTES;
  if (count === 0) return ledgerBytes === 0;
  const last = readEntry(entries, count - 1);
  return last.offset + last.sizeBytes + 1 === ledgerBytes;
}

async function fromLedger(folder: string): Promise<Buffer> {
  const entries: Uint8Array[] = [];
  for await (const line of readLedger(join(folder, LEDGER_FILE), chainStart(join(folder, SESSION_FILE)))) {
    entries.push(makeEntry(line.content as unknown as LedgerLine, line));
  }
  return Buffer.concat(entries);
}
