/**
 * Finds what holds a viewer up that misses most frames: its own drawing, or the link. A page that has time left and is given
 * few frames has a thin link, and should get JPEG; full depth is tried again later, each time after a longer wait.
 */

const WINDOW_MS = 4000;
const MISSED_SHARE = 0.5;
/** A page that spends more of its time on drawing than this is held up by itself. */
const BUSY_SHARE = 0.5;
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 960_000;

/** A frame on the screen. */
export interface Painting {
  /** Frames that the service passed over for this viewer since the one before. */
  readonly missed: number;
  /** Frames that came since the one before and were given up here for newer ones. */
  readonly overtaken: number;
  /** From the socket to the screen. */
  readonly drawingMs: number;
  readonly nowMs: number;
}

export class LinkQuality {
  #thin = false;
  #drawsSlowly = false;
  #drawingMs = 0;
  #windowStartedMs: number | undefined;
  #got = 0;
  #missed = 0;
  #overtaken = 0;
  #retryMs = FIRST_RETRY_MS;
  #thinSinceMs = 0;

  get thin(): boolean {
    return this.#thin;
  }

  /** Frames are missed because this browser draws slowly, for example without a GPU. */
  get drawsSlowly(): boolean {
    return this.#drawsSlowly;
  }

  painted({ missed, overtaken, drawingMs, nowMs }: Painting): void {
    this.#windowStartedMs ??= nowMs;
    this.#got++;
    this.#missed += missed;
    this.#overtaken += overtaken;
    this.#drawingMs += drawingMs;
    const windowMs = nowMs - this.#windowStartedMs;
    if (this.#thin && nowMs - this.#thinSinceMs > this.#retryMs) {
      this.#thin = false;
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
      this.#startWindow(nowMs);
    } else if (windowMs > WINDOW_MS) {
      const tooFew = this.#missed / (this.#got + this.#missed) > MISSED_SHARE;
      // A thin link never brings more than can be drawn.
      this.#drawsSlowly = tooFew && (this.#drawingMs > BUSY_SHARE * windowMs || this.#overtaken > this.#got / 2);
      if (tooFew && !this.#drawsSlowly && !this.#thin) {
        this.#thin = true;
        this.#thinSinceMs = nowMs;
      }
      this.#startWindow(nowMs);
    }
  }

  /** Frames were not wanted for a while (a hidden tab), so nothing can be said of the link. */
  paused(): void {
    this.#startWindow(undefined);
  }

  #startWindow(nowMs: number | undefined): void {
    this.#windowStartedMs = nowMs;
    this.#got = 0;
    this.#missed = 0;
    this.#overtaken = 0;
    this.#drawingMs = 0;
  }
}
