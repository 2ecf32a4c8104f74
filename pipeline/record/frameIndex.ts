/**
 * `frames.index`: one fixed-size entry for each line of `frames.jsonl`, so that a session of hours opens without parsing
 * its ledger, and a timeline is drawn from numbers. It holds nothing that the ledger does not, and can be made again.
 *
 * Entry, little-endian, 64 bytes: line offset f64, line bytes u32, end u8, verdict u8, flags u16, sequence f64, arrivedMs
 * f64 (NaN: unknown), t u32, c u16, z u16, cells u16, image u16 (0 = `enhanced`, n = `enhanced-<n+1>`), latencyMs f32,
 * mean f32, enhanceMs f32, deltaT f64.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FRAME_ENDS, type FrameEnd } from '../ledger.ts';
import { openToAppend } from './diskTrouble.ts';
import { FlushedFile } from './flushedFile.ts';
import type { LinePlace } from './ledgerFile.ts';
import { ENHANCED_IMAGE } from './omeZarr.ts';
import { isEvent, type LedgerLine } from './rows.ts';
import { writeFully } from './shardLog.ts';

export const INDEX_FILE = 'frames.index';
export const ENTRY_BYTES = 64;

const ENDS = Object.keys(FRAME_ENDS) as FrameEnd[];
/** Follows the ends of a frame in the `end` field. */
const EVENT_CODES = { unended: 100, provenance: 200, missing: 201, recovered: 202, closed: 203 } as const;
export const VERDICTS = ['none', 'green', 'amber', 'red', 'uncertifiable'] as const;
export type Verdict = (typeof VERDICTS)[number];

const FLAGS = { hasRaw: 1, hasEnhanced: 2 } as const;

export type EntryKind = FrameEnd | keyof typeof EVENT_CODES;

/** What the index knows of one line. */
export interface IndexEntry extends LinePlace {
  readonly kind: EntryKind;
  /** NaN for lines that are no frame. */
  readonly sequence: number;
  readonly arrivedMs: number;
  /** Place of its planes in the store. */
  readonly t: number;
  readonly c: number;
  readonly z: number;
  readonly hasRaw: boolean;
  readonly hasEnhanced: boolean;
  /** Name of the image that holds its enhanced plane. */
  readonly enhancedImage: string;
  readonly verdict: Verdict;
  readonly cells: number;
  /** Arrival to end; NaN when unknown. */
  readonly latencyMs: number;
  /** Mean raw intensity; NaN when unknown. */
  readonly mean: number;
  readonly enhanceMs: number;
  /** second; NaN when the instrument did not say. */
  readonly deltaT: number;
}

export function makeEntry(line: LedgerLine, place: LinePlace): Uint8Array {
  const entry = Buffer.alloc(ENTRY_BYTES);
  const frame = isEvent(line) ? undefined : line;
  const stored = 'raw' in line ? line.raw : undefined;
  const enhanced = 'enhanced' in line ? line.enhanced : undefined;
  const arrivedMs = timeOf(line);
  const index = stored?.index ?? frame?.meta?.index ?? { t: 0, c: 0, z: 0 };

  entry.writeDoubleLE(place.offset, 0);
  entry.writeUInt32LE(place.sizeBytes, 8);
  entry.writeUInt8(isEvent(line) ? EVENT_CODES[line.event] : ENDS.indexOf(line.end), 12);
  entry.writeUInt8(VERDICTS.indexOf(frame?.quality?.predicted?.verdict ?? 'none'), 13);
  entry.writeUInt16LE((stored ? FLAGS.hasRaw : 0) | (enhanced ? FLAGS.hasEnhanced : 0), 14);
  entry.writeDoubleLE('sequence' in line ? line.sequence : NaN, 16);
  entry.writeDoubleLE(arrivedMs, 24);
  entry.writeUInt32LE(index.t, 32);
  entry.writeUInt16LE(index.c, 36);
  entry.writeUInt16LE(index.z, 38);
  entry.writeUInt16LE(Math.min(frame?.cells?.length ?? 0, 0xffff), 40);
  entry.writeUInt16LE(enhanced ? imageNumber(enhanced.image) : 0, 42);
  entry.writeFloatLE(frame ? frame.endedMs - arrivedMs : NaN, 44);
  entry.writeFloatLE(frame?.quality?.measured.mean ?? NaN, 48);
  entry.writeFloatLE(frame?.times['enhance'] ?? NaN, 52);
  entry.writeDoubleLE(frame?.meta?.deltaT ?? NaN, 56);
  return entry;
}

export function readEntry(entries: Buffer, at: number): IndexEntry {
  const base = at * ENTRY_BYTES;
  const flags = entries.readUInt16LE(base + 14);
  return {
    offset: entries.readDoubleLE(base),
    sizeBytes: entries.readUInt32LE(base + 8),
    kind: kindOf(entries.readUInt8(base + 12)),
    verdict: VERDICTS[entries.readUInt8(base + 13)] ?? 'none',
    hasRaw: (flags & FLAGS.hasRaw) !== 0,
    hasEnhanced: (flags & FLAGS.hasEnhanced) !== 0,
    sequence: entries.readDoubleLE(base + 16),
    arrivedMs: entries.readDoubleLE(base + 24),
    t: entries.readUInt32LE(base + 32),
    c: entries.readUInt16LE(base + 36),
    z: entries.readUInt16LE(base + 38),
    cells: entries.readUInt16LE(base + 40),
    enhancedImage: enhancedImageName(entries.readUInt16LE(base + 42)),
    latencyMs: entries.readFloatLE(base + 44),
    mean: entries.readFloatLE(base + 48),
    enhanceMs: entries.readFloatLE(base + 52),
    deltaT: entries.readDoubleLE(base + 56),
  };
}

/** When the frame arrived, or the event was noticed; a frame that never became a picture counts from its end. Unix ms. */
function timeOf(line: LedgerLine): number {
  if (!isEvent(line)) return line.meta?.arrivedMs ?? line.endedMs;
  switch (line.event) {
    case 'unended':
      return line.arrivedMs;
    case 'missing':
      return line.noticedMs;
    case 'recovered':
    case 'closed':
      return line.atMs;
    case 'provenance':
      return NaN;
  }
}

/** `enhanced`, `enhanced-2`, `enhanced-3` ... */
export function enhancedImageName(number: number): string {
  return number === 0 ? ENHANCED_IMAGE : `${ENHANCED_IMAGE}-${number + 1}`;
}

function imageNumber(name: string): number {
  return name === ENHANCED_IMAGE ? 0 : Number(name.slice(ENHANCED_IMAGE.length + 1)) - 1;
}

const KINDS: readonly (EntryKind | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const event = (Object.keys(EVENT_CODES) as (keyof typeof EVENT_CODES)[]).find((name) => EVENT_CODES[name] === code);
  return event ?? ENDS[code];
});

function kindOf(code: number): EntryKind {
  return KINDS[code] ?? 'unended';
}

/** Sequence of an entry, NaN for other events: all that a look-up needs of it, at a fraction of the cost of the whole. */
export function frameSequence(entries: Buffer, at: number): number {
  const base = at * ENTRY_BYTES;
  return isFrameEntry({ kind: kindOf(entries.readUInt8(base + 12)) }) ? entries.readDoubleLE(base + 16) : NaN;
}

/** Appends entries. */
export class FrameIndexFile {
  readonly #path: string;
  #entries: number;
  #file: FlushedFile | undefined;

  /** Continues after `entries` entries; anything behind them is cut off. */
  constructor(path: string, entries: number) {
    this.#path = path;
    this.#entries = entries;
    this.#open();
  }

  append(line: LedgerLine, place: LinePlace): void {
    const file = this.#open();
    writeFully(file.fd, [makeEntry(line, place)]);
    file.wrote();
    this.#entries += 1;
  }

  /** Forces what was appended to the disk while appending goes on. */
  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  /** Closes the file; the next entry opens it again. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): FlushedFile {
    this.#file ??= new FlushedFile(openToAppend(this.#path, this.#entries * ENTRY_BYTES));
    return this.#file;
  }
}

/** Whole entries of an index file from entry `from` on; empty when there is no such file. */
export function readEntries(path: string, from = 0): Buffer {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const start = from * ENTRY_BYTES;
    const whole = Math.max(0, Math.floor((fstatSync(fd).size - start) / ENTRY_BYTES)) * ENTRY_BYTES;
    const bytes = Buffer.alloc(whole);
    const read = readSync(fd, bytes, 0, whole, start);
    return bytes.subarray(0, read - (read % ENTRY_BYTES));
  } finally {
    closeSync(fd);
  }
}

/** True for entries of frames, ended or not; false for other events. */
export function isFrameEntry({ kind }: Pick<IndexEntry, 'kind'>): boolean {
  return kind === 'unended' || !(kind in EVENT_CODES);
}
