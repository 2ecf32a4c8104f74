import { Alarm } from '../alarm.ts';
import type { Candidate } from './candidate.ts';
import type { FileFolder, SeenFile } from './seenFile.ts';

/**
 * Files on their way, in order of arrival. Holds names, never pixels: frames that nobody has asked for stay on the disk.
 * A file that is not whole steps aside and is looked at again later; it does not hold up the next.
 */
export class CandidateQueue {
  #fresh: Candidate[] = [];
  #freshFrom = 0;
  readonly #aside = new Set<Candidate>();
  readonly #alarm = new Alarm();

  add(candidate: Candidate): void {
    this.#fresh.push(candidate);
    // A later file in the same folder is news for those that wait there: the program has moved on.
    for (const waiting of this.#aside) {
      if (waiting.file.folder === candidate.file.folder && !waiting.knowsSuccessor) {
        waiting.knowsSuccessor = true;
        waiting.dueMs = 0;
      }
    }
    this.#alarm.ring();
  }

  /** To be looked at again at `candidate.dueMs`. */
  setAside(candidate: Candidate): void {
    this.#aside.add(candidate);
    this.#alarm.ring();
  }

  /** Brings the next look at a file that was set aside forward. */
  bringForward(candidate: Candidate, dueMs: number): void {
    candidate.dueMs = Math.min(candidate.dueMs, dueMs);
    this.#alarm.ring();
  }

  /** Brings the next look at those files of a folder forward for which there is news. */
  bringForwardIn(folder: FileFolder, hasNews: (file: SeenFile) => boolean): void {
    for (const candidate of this.#aside) {
      if (candidate.file.folder === folder && hasNews(candidate.file)) candidate.dueMs = 0;
    }
    this.#alarm.ring();
  }

  /** The earliest file that is due. */
  take(nowMs: number): Candidate | undefined {
    let earliest: Candidate | undefined;
    for (const candidate of this.#aside) {
      if (candidate.dueMs <= nowMs && (!earliest || candidate.file.order < earliest.file.order)) earliest = candidate;
    }
    if (earliest) {
      this.#aside.delete(earliest);
      return earliest;
    }
    const next = this.#fresh[this.#freshFrom];
    if (next) this.#freshFrom += 1;
    if (this.#freshFrom > 1024 && this.#freshFrom * 2 > this.#fresh.length) {
      this.#fresh = this.#fresh.slice(this.#freshFrom);
      this.#freshFrom = 0;
    }
    return next;
  }

  /** Resolves when `take` may have something: a file came, one is due, or `signal` aborts. */
  async wait(nowMs: number, signal: AbortSignal): Promise<void> {
    let dueMs = Infinity;
    for (const candidate of this.#aside) dueMs = Math.min(dueMs, candidate.dueMs);
    await this.#alarm.wait(Math.max(1, Math.ceil(dueMs - nowMs)), signal);
  }
}
