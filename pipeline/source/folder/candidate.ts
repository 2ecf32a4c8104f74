import type { Patience } from './completion.ts';
import { takeLook, type Look } from './look.ts';
import { pathOf, type SeenFile } from './seenFile.ts';

const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
/** Looking at one file may take this share of the time: a stack of thousands of pages is not walked all the time. */
const LOOKING_SHARE = 0.2;

/** A new file, or one that grew, on its way to be handed on: what the looks at it have shown, and when the next one is due. */
export class Candidate {
  readonly file: SeenFile;
  /** It was there before the watching began. */
  readonly existing: boolean;
  /** Unix ms */
  readonly firstSeenMs = Date.now();
  /** When its size or time of modification was last seen to differ, Unix ms. */
  changedMs = this.firstSeenMs;
  /** When to look next, Unix ms. */
  dueMs = this.firstSeenMs;
  /** It was looked at, or is due to be, with a later file in its folder. */
  knowsSuccessor = false;
  /** The file was not there at the last look. */
  missed = false;
  /** It has been moved to its name since it was last written. */
  wasMoved = false;
  /** The last look that found it. */
  look: Look | undefined;
  #firstLook: Promise<Look | undefined> | undefined;
  #changedSinceLook = false;
  #backOffMs = SHORTEST_PAUSE_MS;
  #shortestPauseMs = SHORTEST_PAUSE_MS;

  /** `firstLook` is taken at first sight, which may be long before there is time for the file. */
  constructor(file: SeenFile, existing: boolean, firstLook?: Promise<Look | undefined>) {
    this.file = file;
    this.existing = existing;
    this.#firstLook = firstLook;
  }

  /** Undefined when the file is not there. */
  async lookAgain(): Promise<Look | undefined> {
    this.#changedSinceLook = false;
    if (this.#firstLook) {
      this.look = await this.#firstLook;
      this.wasMoved = this.look?.wasMoved ?? false;
      this.#firstLook = undefined;
    }
    const before = this.look;
    const look = await takeLook(pathOf(this.file));
    if (!look) return undefined;
    if (look.sizeBytes !== before?.sizeBytes || look.modifiedMs !== before.modifiedMs) {
      if (before) this.changedMs = Date.now();
      this.wasMoved = look.wasMoved;
    }
    this.missed = false;
    this.look = look;
    return look;
  }

  /** The file is being written. Returns when to look at it, Unix ms. */
  noteChange(): number {
    this.changedMs = Date.now();
    this.#changedSinceLook = true;
    this.#backOffMs = this.#shortestPauseMs;
    return this.changedMs + this.#shortestPauseMs;
  }

  /** It was written after the last look began: what was seen may not be all. */
  get changedSinceLook(): boolean {
    return this.#changedSinceLook;
  }

  /** `tookMs`: what this look has cost. */
  planNextLook(sound: boolean, tookMs: number, { settleMs, deadlineMs }: Patience): void {
    const nowMs = Date.now();
    this.#shortestPauseMs = Math.max(SHORTEST_PAUSE_MS, tookMs / LOOKING_SHARE);
    if (sound) {
      this.dueMs = Math.max(nowMs, this.changedMs + settleMs);
    } else {
      const pauseMs = Math.max(this.#backOffMs, this.#shortestPauseMs);
      this.dueMs = Math.min(nowMs + pauseMs, Math.max(nowMs, this.changedMs + deadlineMs));
    }
    this.#backOffMs = Math.min(this.#backOffMs * 2, LONGEST_PAUSE_MS);
  }
}
