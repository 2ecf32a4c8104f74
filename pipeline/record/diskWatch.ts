/** Watches how much room is left and how fast it goes. */

import { DiskFull, freeBytes } from './diskTrouble.ts';
import type { DiskReport } from './messages.ts';

/** Asking the disk for its free space is cheap on a local disk and not on a share. */
const ASK_EVERY_MS = 500;
/** Time constant of the rate, s: long enough to see through flushes. */
const RATE_OVER_SECONDS = 10;

export interface DiskLimits {
  readonly reserveBytes: number;
  readonly warnSecondsLeft: number;
}

export class DiskWatch {
  readonly #folder: string;
  readonly #limits: DiskLimits;
  #bytesWritten = 0;
  #freeBytes: number | undefined;
  #bytesPerSecond = 0;
  #askedMs = -Infinity;
  #bytesWhenAsked = 0;

  constructor(folder: string, limits: DiskLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  wrote(bytes: number): void {
    this.#bytesWritten += bytes;
  }

  /** Throws DiskFull when a frame more could leave too little room to close the session. */
  assertRoom(): void {
    this.#ask();
    if (this.#freeBytes !== undefined && this.#freeBytes < this.#limits.reserveBytes) {
      throw new DiskFull(
        `the disk is full: ${mebibytes(this.#freeBytes)} are left, and ${mebibytes(this.#limits.reserveBytes)} are kept free for closing the session`,
      );
    }
  }

  report(): DiskReport {
    try {
      this.#ask();
    } catch {
      // The disk is gone; whoever writes next will say so.
      this.#freeBytes = undefined;
    }
    const { warnSecondsLeft, reserveBytes } = this.#limits;
    const report = { bytesWritten: this.#bytesWritten };
    if (this.#freeBytes === undefined) return report;
    const usable = Math.max(0, this.#freeBytes - reserveBytes);
    if (this.#bytesPerSecond < 1) return { ...report, freeBytes: this.#freeBytes };
    const secondsLeft = usable / this.#bytesPerSecond;
    const warning =
      secondsLeft < warnSecondsLeft
        ? `The disk of ${this.#folder} will be full in ${duration(secondsLeft)} at the present rate (${mebibytes(this.#bytesPerSecond)} a second).`
        : undefined;
    return { ...report, freeBytes: this.#freeBytes, secondsLeft, ...(warning && { warning }) };
  }

  #ask(): void {
    const now = performance.now();
    const seconds = (now - this.#askedMs) / 1000;
    if (seconds * 1000 < ASK_EVERY_MS) return;
    if (Number.isFinite(seconds)) {
      const rate = (this.#bytesWritten - this.#bytesWhenAsked) / seconds;
      const weight = 1 - Math.exp(-seconds / RATE_OVER_SECONDS);
      this.#bytesPerSecond += (rate - this.#bytesPerSecond) * (this.#bytesPerSecond === 0 ? 1 : weight);
    }
    this.#askedMs = now;
    this.#bytesWhenAsked = this.#bytesWritten;
    this.#freeBytes = freeBytes(this.#folder);
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
