/**
 * How late timers run here: a computer that is busy with other things lets a page wait, whatever the page does.
 */

const EVERY_MS = 250;

export class Lateness {
  readonly #timer: ReturnType<typeof setInterval>;
  #lastMs = performance.now();
  #lateMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), EVERY_MS);
  }

  /** ms by which timers were late since this was last asked. */
  take(): number {
    const lateMs = this.#lateMs;
    this.#lateMs = 0;
    return lateMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#lateMs += Math.max(nowMs - this.#lastMs - EVERY_MS, 0);
    this.#lastMs = nowMs;
  }
}
