/**
 * Finds what holds a viewer up that misses most frames: its own drawing, or the link. A thin link should get JPEG; full depth
 * is tried again later, each time after a longer wait.
 */

const WINDOW_MS = 4000;
const MISSED_SHARE = 0.5;
/** A picture that waits longer than this from the socket to the screen is held up here and not by the link. */
const SLOW_DRAWING_MS = 60;
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 960_000;

export class LinkQuality {
  #thin = false;
  #drawsSlowly = false;
  #drawingMs = 0;
  #windowStartedMs: number | undefined;
  #got = 0;
  #missed = 0;
  #retryMs = FIRST_RETRY_MS;
  #thinSinceMs = 0;

  get thin(): boolean {
    return this.#thin;
  }

  /** Frames are missed because this browser draws slowly, for example without a GPU. */
  get drawsSlowly(): boolean {
    return this.#drawsSlowly;
  }

  /**
   * For each painted frame. `missed`: frames that the service passed over for this viewer since the one before; `drawingMs`:
   * from the socket to the screen.
   */
  painted(missed: number, drawingMs: number, nowMs: number): void {
    this.#windowStartedMs ??= nowMs;
    this.#got++;
    this.#missed += missed;
    this.#drawingMs += drawingMs;
    if (this.#thin && nowMs - this.#thinSinceMs > this.#retryMs) {
      this.#thin = false;
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
      this.#startWindow(nowMs);
    } else if (nowMs - this.#windowStartedMs > WINDOW_MS) {
      const tooFew = this.#missed / (this.#got + this.#missed) > MISSED_SHARE;
      this.#drawsSlowly = tooFew && this.#drawingMs / this.#got > SLOW_DRAWING_MS;
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
    this.#drawingMs = 0;
  }
}
