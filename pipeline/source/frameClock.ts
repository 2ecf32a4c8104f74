import { Alarm } from './alarm.ts';

/**
 * Says when the next frame is due. The n-th tick stands at start + n / rate, so errors of single timers do not add up. When
 * the consumer is late by more than a frame the schedule moves with it: frames are never bunched to catch up.
 */
export class FrameClock {
  readonly #intervalMs: number;
  readonly #alarm = new Alarm();
  #startMs: number | undefined;
  #ticks = 0;

  /** `rate` in frames/s; with `fast` every frame is due at once. */
  constructor(rate: number | 'fast') {
    this.#intervalMs = rate === 'fast' ? 0 : 1000 / rate;
  }

  /** Resolves when the next frame is due, or when `signal` aborts. */
  async nextTick(signal: AbortSignal): Promise<void> {
    if (this.#intervalMs === 0) return;
    const nowMs = performance.now();
    this.#startMs ??= nowMs;
    let dueMs = this.#startMs + this.#ticks * this.#intervalMs;
    if (nowMs > dueMs + this.#intervalMs) {
      this.#startMs += nowMs - dueMs;
      dueMs = nowMs;
    }
    this.#ticks += 1;
    if (dueMs > nowMs) await this.#alarm.wait(dueMs - nowMs, signal);
  }
}
