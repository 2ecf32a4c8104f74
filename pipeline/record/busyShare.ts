/** Time constant of the share, ms. */
const OVER_MS = 1000;

/** Which share of its time a thread was at work lately, 0..1, from the tasks that it did. */
export class BusyShare {
  #share = 0;
  #endedMs: number;

  constructor(nowMs: number) {
    this.#endedMs = nowMs;
  }

  get share(): number {
    return this.#share;
  }

  /** A task began and ended; tasks come one after the other. */
  worked(startedMs: number, endedMs: number): void {
    const spanMs = endedMs - this.#endedMs;
    if (spanMs <= 0) return;
    const share = (endedMs - Math.max(startedMs, this.#endedMs)) / spanMs;
    this.#share += (1 - Math.exp(-spanMs / OVER_MS)) * (share - this.#share);
    this.#endedMs = endedMs;
  }
}
