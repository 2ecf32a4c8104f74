/** Opens a session for reading: one that was closed, one that a crash left behind, or one that is still being recorded. */

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, SessionError } from '../errors.ts';
import type { Acquisition, FrameIndex, Plane } from '../frame.ts';
import type { SessionReader } from '../ports.ts';
import type { IndexEntry } from './frameIndex.ts';
import { LEDGER_FILE, type LinePlace } from './ledgerFile.ts';
import { lockState } from './lock.ts';
import { IMAGES_FOLDER, RAW_IMAGE } from './omeZarr.ts';
import { imageNames, recoverSession } from './recover.ts';
import { isEvent, type EventLine, type LedgerLine, type ProvenanceLine, type StoredRow } from './rows.ts';
import { SESSION_FILE, SESSION_VERSION, type SessionConstants } from './sessionFile.ts';
import { SessionIndex } from './sessionIndex.ts';
import { withStoredChannels } from './storedChannels.ts';
import { StoredImage } from './storedImage.ts';
import { SummaryCounter, type SecondSummary } from './summary.ts';

/** Which pixels of a frame: measured or predicted. */
export type Which = 'raw' | 'enhanced';

export interface ReadPlane {
  readonly plane: Plane;
  readonly index: FrameIndex;
  /** Raw intensity = stored value * intensityScale. */
  readonly intensityScale: number;
  /** Pixels per raw pixel along x and y. */
  readonly magnification: number;
}

/**
 * Opens the session in `path` (its folder, or a file or the OME-Zarr store in it). A session that a crash left behind is
 * put in order first, if its disk can be written to. Throws SessionError when there is none, or it is of a later version.
 */
export async function openSession(path: string): Promise<RecordedSession> {
  const folder = sessionFolder(path);
  if (folder === undefined) throw new SessionError(`${path}: no session is there (no ${SESSION_FILE})`);
  const constants = readConstants(folder);
  let recoveryFault: string | undefined;
  await recoverSession(folder).catch((error: unknown) => (recoveryFault = messageOf(error)));
  const index = await SessionIndex.open(folder, { isLive: lockState(folder) === 'live' });
  return new RecordedSession(folder, constants, index, recoveryFault);
}

/** As `openSession`, but undefined where there is no session: for whoever takes sessions and other things. */
export async function openSessionIfThere(path: string): Promise<RecordedSession | undefined> {
  return sessionFolder(path) === undefined ? undefined : openSession(path);
}

/** The folder of the session that `path` belongs to; undefined when it belongs to none. */
export function sessionFolder(path: string): string | undefined {
  const full = resolve(path);
  const candidates = [full, dirname(full)];
  return candidates.find((folder) => isReadable(join(folder, SESSION_FILE)));
}

export class RecordedSession implements SessionReader {
  readonly folder: string;
  readonly id: string;
  readonly constants: SessionConstants;
  /** Why a session that a crash left behind could not be put in order; it can be read all the same. */
  readonly recoveryFault: string | undefined;
  readonly index: SessionIndex;
  readonly #images = new Map<string, StoredImage>();
  readonly #ledger: number;
  readonly #events: EventLine[] = [];
  readonly #summaries = new SummaryCounter();
  #summarised = 0;
  #acquisition: Acquisition;

  constructor(folder: string, constants: SessionConstants, index: SessionIndex, recoveryFault: string | undefined) {
    this.folder = folder;
    this.id = basename(folder);
    this.constants = constants;
    this.index = index;
    this.recoveryFault = recoveryFault;
    this.#ledger = openSync(join(folder, LEDGER_FILE), 'r');
    this.#acquisition = withStoredChannels(folder, constants.acquisition);
    this.#see();
  }

  /** As `session.json` has it, with the channels that were met later. */
  get acquisition(): Acquisition {
    return this.#acquisition;
  }

  /** True while a recorder is at work here. */
  get isLive(): boolean {
    return lockState(this.folder) === 'live';
  }

  /** Number of frames that arrived, as far as the ledger knows. */
  get frameCount(): number {
    return this.index.sequences;
  }

  /** Names of the images in the store, raw first. */
  get images(): readonly string[] {
    return imageNames(this.folder);
  }

  /** Provenance, missing frames, recoveries: the lines of the ledger that are no frames. */
  get events(): readonly EventLine[] {
    return this.#events;
  }

  /** Takes in what was recorded since the session was opened, or since the last call. */
  refresh(): void {
    this.index.refresh();
    this.#acquisition = withStoredChannels(this.folder, this.constants.acquisition);
    this.#see();
  }

  /** The ledger's row of a frame; undefined when it has none. */
  row(sequence: number): StoredRow | undefined {
    const entry = this.index.bySequence(sequence);
    return entry && this.rowAt(entry);
  }

  rowAt(entry: IndexEntry): StoredRow {
    return this.#asRow(this.line(entry));
  }

  /** Rows of the frames `from` <= sequence < `to`. */
  *rows(from = 0, to = this.frameCount): Generator<StoredRow> {
    for (let sequence = from; sequence < Math.min(to, this.frameCount); sequence++) {
      const row = this.row(sequence);
      if (row) yield row;
    }
  }

  summaries(): readonly SecondSummary[] {
    for (; this.#summarised < this.index.count; this.#summarised++) {
      this.#summaries.count(this.index.entry(this.#summarised));
    }
    return this.#summaries.seconds;
  }

  /**
   * Pixels of a frame. Undefined when the frame has none of that kind: it was never recorded, or never enhanced.
   * Throws SessionError when they are damaged.
   */
  async planeOf(sequence: number, which: Which): Promise<ReadPlane | undefined> {
    const entry = this.index.bySequence(sequence);
    if (!entry?.hasRaw || (which === 'enhanced' && !entry.hasEnhanced)) return undefined;
    return this.readImage(which === 'raw' ? RAW_IMAGE : entry.enhancedImage, entry);
  }

  /** The plane at a place in the image, whoever recorded it. */
  async planeAt(index: FrameIndex, which: Which): Promise<ReadPlane | undefined> {
    const entry = this.index.byPlace(index);
    if (entry) return this.planeOf(entry.sequence, which);
    return this.readImage(which, index); // Its frame has not ended yet.
  }

  async readImage(name: string, { t, c, z }: FrameIndex): Promise<ReadPlane | undefined> {
    const image = this.image(name);
    const index = { t, c, z };
    const plane = await image?.readPlane(index);
    if (!image || !plane) return undefined;
    return { plane, index, intensityScale: image.intensityScale, magnification: image.magnification };
  }

  /** Undefined while the session has no such image. */
  image(name: string): StoredImage | undefined {
    const known = this.#images.get(name);
    if (known) return known;
    if (!this.images.includes(name)) return undefined;
    const image = new StoredImage(join(this.folder, IMAGES_FOLDER), name);
    this.#images.set(name, image);
    return image;
  }

  /** Raw planes in the order in which they arrived. */
  async *frames(): AsyncGenerator<{ readonly index: FrameIndex; readonly plane: Plane; readonly row?: StoredRow }> {
    for (let sequence = 0; sequence < this.frameCount; sequence++) {
      const read = await this.planeOf(sequence, 'raw');
      if (!read) continue;
      const { index, plane } = read;
      yield { index, plane, row: this.row(sequence) };
    }
  }

  /** The line of the ledger as it was written. */
  line(place: LinePlace): LedgerLine {
    const bytes = Buffer.alloc(place.sizeBytes);
    readSync(this.#ledger, bytes, 0, bytes.length, place.offset);
    return JSON.parse(bytes.toString('utf8')) as LedgerLine;
  }

  close(): void {
    for (const image of this.#images.values()) image.close();
    closeSync(this.#ledger);
  }

  /** Who predicted a frame's enhanced pixels, and from which constants; undefined when nobody did. */
  provenanceOf(sequence: number): ProvenanceLine | undefined {
    const entry = this.index.bySequence(sequence);
    const line = entry && this.line(entry);
    return line && !isEvent(line) ? this.#provenance(line.provenance) : undefined;
  }

  #provenance(id: number | undefined): ProvenanceLine | undefined {
    return this.#events.find((line): line is ProvenanceLine => line.event === 'provenance' && line.id === id);
  }

  #see(): void {
    for (const entry of this.index.events.slice(this.#events.length)) this.#events.push(this.line(entry) as EventLine);
  }

  #asRow(line: LedgerLine): StoredRow {
    if (isEvent(line)) return unendedRow(line);
    const { provenance, ...row } = line;
    const { prediction } = this.#provenance(provenance) ?? {};
    return { ...row, ...(prediction && { prediction }) };
  }
}

/** The nearest that the ledger's states have for a frame whose recorder was stopped: raw kept, nothing else known. */
function unendedRow(line: EventLine): StoredRow {
  if (line.event !== 'unended') throw new SessionError(`the ledger line of a frame is a ${line.event} line`);
  const { sequence, because, arrivedMs, raw, enhanced } = line;
  const end = { end: 'unenhanced', because, recorded: true, times: {}, endedMs: arrivedMs } as const;
  return { sequence, name: '', ...end, raw, ...(enhanced && { enhanced }) };
}

function readConstants(folder: string): SessionConstants {
  const path = join(folder, SESSION_FILE);
  let constants: SessionConstants;
  try {
    constants = JSON.parse(readFileSync(path, 'utf8')) as SessionConstants;
  } catch (cause) {
    throw new SessionError(`${path}: cannot be read`, { cause });
  }
  if (constants.schema !== 'scopestream-session') throw new SessionError(`${path}: does not describe a session`);
  if (constants.version > SESSION_VERSION) {
    const versions = `version ${constants.version}; this program reads up to version ${SESSION_VERSION}`;
    throw new SessionError(`${path}: written by a later program (${versions}): update Scopestream`);
  }
  return constants;
}

function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}
