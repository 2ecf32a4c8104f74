/**
 * Writes one session. Lives in the recording thread, and is handed one task at a time: all file access of a session that
 * is being recorded happens here, in the order of the calls.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FrameIndex, MissingFrames, Prediction } from '../frame.ts';
import type { LedgerRow, LedgerTotals } from '../ledger.ts';
import { AccountCounter } from './account.ts';
import { writeCertificate } from './certificate.ts';
import { describeDiskTrouble, DiskFull } from './diskTrouble.ts';
import { DiskWatch } from './diskWatch.ts';
import { FrameIndexFile, INDEX_FILE } from './frameIndex.ts';
import type { ImageWriter } from './imageWriter.ts';
import { chainStart, LEDGER_FILE, LedgerFile } from './ledgerFile.ts';
import { abandonLock, lockSession, touchLock, unlockSession } from './lock.ts';
import type { DiskReport, EnhancedTask, RawTask, RecordOrder } from './messages.ts';
import { IMAGES_FOLDER } from './omeZarr.ts';
import { pixelHash } from './pixels.ts';
import { writePlaneTimes } from './planeTimes.ts';
import type { FrameLine, LedgerLine, ProvenanceLine, StoredEnhanced, StoredRaw } from './rows.ts';
import { SESSION_FILE, sessionConstants } from './sessionFile.ts';
import { SessionImages } from './sessionImages.ts';
import { syncFolder } from './shardLog.ts';

const RETRY_DISK_MS = 1000;
/** How far the shape on disk may lag behind, for readers that look in while a session is recorded. */
const METADATA_EVERY_MS = 5000;

/** What is known of a frame between its raw plane and its row. */
interface StoredFrame {
  raw?: StoredRaw;
  enhanced?: StoredEnhanced;
  provenance?: number;
}

export class SessionWriter {
  readonly folder: string;
  readonly #order: RecordOrder;
  readonly #images: SessionImages;
  readonly #disk: DiskWatch;
  readonly #ledger: LedgerFile;
  readonly #index: FrameIndexFile;
  readonly #frames = new Map<number, StoredFrame>();
  /** Ids of provenance lines by their content. */
  readonly #provenances = new Map<string, number>();
  readonly #account = new AccountCounter();
  #lines = 0;
  readonly #report: (report: DiskReport) => void;
  /** Aborted when the session is to close: from then on nobody waits for the disk. */
  readonly #closing = new AbortController();
  #waiting: string | undefined;
  #metadataMs = performance.now();

  /** Makes the session's folder. Throws the system's error when it cannot. */
  constructor(order: RecordOrder, report: (report: DiskReport) => void) {
    const { acquisition, settings } = order;
    this.#order = order;
    this.#report = report;
    this.folder = join(settings.root, acquisition.id);
    mkdirSync(settings.root, { recursive: true });
    mkdirSync(this.folder);
    lockSession(this.folder);
    const sessionFile = join(this.folder, SESSION_FILE);
    writeFileSync(sessionFile, JSON.stringify(sessionConstants(order), null, 2) + '\n', { flush: true });
    this.#images = new SessionImages(join(this.folder, IMAGES_FOLDER), acquisition, settings);
    this.#disk = new DiskWatch(this.folder, settings);
    this.#ledger = new LedgerFile(join(this.folder, LEDGER_FILE), { sizeBytes: 0, head: chainStart(sessionFile) });
    this.#index = new FrameIndexFile(join(this.folder, INDEX_FILE), 0);
    syncFolder(this.folder);
  }

  /** Returns when the plane is on disk as the fsync policy promises. `hurried` leaves out its compression. */
  async writeRaw(task: RawTask, hurried: boolean): Promise<void> {
    const { index } = await this.#writePlane(() => this.#images.raw(task), task, task.index, hurried);
    this.#frames.set(task.sequence, { raw: { index, sha256: pixelHash(task.pixels) } });
  }

  async writeEnhanced(task: EnhancedTask, hurried: boolean): Promise<void> {
    const frame = this.#frames.get(task.sequence) ?? {};
    const { prediction, normalisation, intensityScale, magnification } = task;
    const provenance = await this.#provenance({ prediction, normalisation, intensityScale, magnification });
    const wanted = frame.raw?.index ?? task.index;
    const { image, index } = await this.#writePlane(() => this.#images.enhanced(task), task, wanted, hurried);
    this.#frames.set(task.sequence, {
      ...frame,
      provenance,
      enhanced: { image, index, sha256: pixelHash(task.pixels) },
    });
  }

  async writeRow(row: LedgerRow): Promise<void> {
    const { prediction, ...rest } = row;
    const stored = this.#frames.get(row.sequence) ?? {};
    this.#frames.delete(row.sequence);
    const provenance = stored.provenance ?? (prediction && (await this.#provenance({ prediction })));
    const line: FrameLine = { ...rest, ...stored, ...(provenance !== undefined && { provenance }) };
    await this.#writeLine(line);
  }

  async writeMissing({ count, reason, noticedMs }: MissingFrames): Promise<void> {
    await this.#writeLine({ event: 'missing', count, reason, noticedMs });
  }

  /** The work of every moment: keep the shape on disk in step, say that somebody is at work here. */
  tick(): void {
    const now = performance.now();
    if (now - this.#metadataMs >= METADATA_EVERY_MS) {
      this.#images.writeMetadata();
      touchLock(this.folder);
      this.#metadataMs = now;
    }
    this.#tellDisk();
  }

  /** Forces to the disk what was written before the call, while writing goes on. Rejects with the disk's error. */
  async flush(): Promise<void> {
    await Promise.all([this.#images.flush(), this.#ledger.flush(), this.#index.flush()]);
  }

  /** The session is about to close: a task that waits for the disk tries once more, and fails by name. */
  stopWaiting(): void {
    this.#closing.abort();
  }

  /**
   * Finishes the shards, the metadata and the ledger, and certifies. `failure`: why the session had to end. When the disk
   * does not let it, the session is left to be put in order by whoever opens it next, and the disk's error is thrown.
   */
  async close(totals: LedgerTotals, failure: string | undefined): Promise<void> {
    try {
      await this.#writeLine({ event: 'closed', atMs: Date.now(), totals, ...(failure !== undefined && { failure }) });
      await this.#whenDiskIsWell(() => this.#finish(totals, failure));
    } catch (error) {
      this.#letGo();
      abandonLock(this.folder);
      throw error;
    }
    this.#tellDisk();
  }

  #finish(totals: LedgerTotals, failure: string | undefined): void {
    this.#images.close();
    this.#ledger.close();
    this.#index.close();
    writePlaneTimes(this.folder, this.#order.acquisition.startedAt);
    writeCertificate(this.folder, {
      account: this.#account.account,
      ledger: { lines: this.#lines, head: this.#ledger.head },
      totals,
      ...(failure !== undefined && { failure }),
    });
    unlockSession(this.folder);
    syncFolder(this.folder);
  }

  async #writePlane(
    imageFor: () => ImageWriter,
    task: RawTask,
    wanted: FrameIndex,
    hurried: boolean,
  ): Promise<{ image: string; index: FrameIndex }> {
    const placed = await this.#whenDiskIsWell(async () => {
      this.#disk.assertRoom();
      const image = imageFor();
      const index = image.place(wanted);
      this.#disk.wrote(await image.write({ ...task, index }, hurried));
      return { image: image.description.name, index };
    });
    // A flush that fails cannot be waited out: nobody knows what it has lost.
    if (this.#order.settings.fsync === 'every-frame') this.#images.flushNow();
    return placed;
  }

  /** Id of the provenance line with this content; writes it when it is new. */
  async #provenance(content: Omit<ProvenanceLine, 'event' | 'id'> & { prediction: Prediction }): Promise<number> {
    const key = JSON.stringify(content);
    const known = this.#provenances.get(key);
    if (known !== undefined) return known;
    const id = this.#provenances.size;
    this.#provenances.set(key, id);
    await this.#writeLine({ event: 'provenance', id, ...content });
    return id;
  }

  async #writeLine(line: LedgerLine): Promise<void> {
    await this.#whenDiskIsWell(() => {
      const place = this.#ledger.append(line);
      this.#index.append(line, place);
    });
    this.#account.add(line);
    this.#lines += 1;
  }

  /** Does `work`; with `onDiskTrouble: wait`, again and again until the disk takes it. Throws what the disk did otherwise. */
  async #whenDiskIsWell<T>(work: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        const done = await work();
        if (this.#waiting !== undefined) {
          this.#waiting = undefined;
          this.#tellDisk();
        }
        return done;
      } catch (error) {
        const mayWait = this.#order.settings.onDiskTrouble === 'wait' && !this.#closing.signal.aborted;
        if (!isDiskTrouble(error) || !mayWait) throw error;
        this.#waiting = describeDiskTrouble(error, this.folder);
        this.#tellDisk();
        this.#letGo();
        await sleep(RETRY_DISK_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
  }

  /** Closes every file: the disk may come back as another one, and the files are opened again when they are needed. */
  #letGo(): void {
    this.#images.abandon();
    this.#ledger.abandon();
    this.#index.close();
  }

  #tellDisk(): void {
    this.#report({ ...this.#disk.report(), ...(this.#waiting !== undefined && { waiting: this.#waiting }) });
  }
}

function isDiskTrouble(error: unknown): boolean {
  return error instanceof DiskFull || (error as NodeJS.ErrnoException).code !== undefined;
}
