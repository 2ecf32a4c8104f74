/**
 * Finds what holds a viewer up that misses most frames: its own drawing, a computer that has no time for it, or the link. On a thin link
 * the page has time left, and frames are on their way all the time: even the fastest takes about as long as there is between two. The
 * viewer should then get JPEG, and keeps it if more frames come so. What did not last, or did not help, is tried again later, each time
 * after a longer wait.
 */

const WINDOW_MS = 4000;
const MISSED_SHARE = 0.5;
/** Of the time between two frames: a trip that is shorter leaves the link empty for most of it. */
const TRIP_SHARE = 0.5;
/** A page that spends more of its time on drawing than this is held up by itself. */
const BUSY_SHARE = 0.5;
/** Timers of a page are late by a few ms. When they are late by this share of the time, the page has none left. */
const LATE_SHARE = 0.15;
/** Windows in a row: a busy computer delays every frame of one, a thin link of all. */
const WINDOWS = 2;
/** No computer is as busy as that: one window is enough. */
const LONG_TRIP_MS = 1000;
/** JPEG is a tenth of the bytes: over a thin link it brings far more frames than before. */
const HELPS = 1.5;
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
  /** By how much timers of the page ran late since the one before. */
  readonly lateMs: number;
  /** Of a frame before it, there and back, as the service measured it. */
  readonly roundTripMs?: number;
  readonly nowMs: number;
}

export class LinkQuality {
  #thin = false;
  #drawsSlowly = false;
  #drawingMs = 0;
  #lateMs = 0;
  #fastestTripMs = Infinity;
  #windowStartedMs: number | undefined;
  #got = 0;
  #missed = 0;
  #overtaken = 0;
  #retryMs = FIRST_RETRY_MS;
  /** Windows in a row in which the link held frames up; of JPEG, all windows. */
  #windows = 0;
  /** Frames that came in a ms at full depth, before the change to JPEG. */
  #rateBefore = 0;
  /** No change before: back to full depth, or to JPEG once more. */
  #notBeforeMs = 0;

  get thin(): boolean {
    return this.#thin;
  }

  /** Frames are missed because they are not drawn in time: there is no GPU, or other programs need the computer. */
  get drawsSlowly(): boolean {
    return this.#drawsSlowly;
  }

  painted({ missed, overtaken, drawingMs, lateMs, roundTripMs, nowMs }: Painting): void {
    // What was late before the window opened, in a hidden tab for example, says nothing of it.
    if (this.#windowStartedMs !== undefined) this.#lateMs += lateMs;
    this.#windowStartedMs ??= nowMs;
    this.#got++;
    this.#missed += missed;
    this.#overtaken += overtaken;
    this.#drawingMs += drawingMs;
    if (roundTripMs !== undefined) this.#fastestTripMs = Math.min(this.#fastestTripMs, roundTripMs);
    const windowMs = nowMs - this.#windowStartedMs;
    if (this.#thin && nowMs > this.#notBeforeMs) this.#toFullDepth(nowMs, 0);
    else if (windowMs > WINDOW_MS) this.#judge(windowMs, nowMs);
    else return;
    this.#startWindow(nowMs);
  }

  /** Frames were not wanted for a while (a hidden tab), so nothing can be said of the link. */
  paused(): void {
    this.#startWindow(undefined);
  }

  #judge(windowMs: number, nowMs: number): void {
    const tooFew = this.#missed / (this.#got + this.#missed) > MISSED_SHARE;
    const tripsFillTheTime =
      this.#fastestTripMs < Infinity && this.#fastestTripMs > (TRIP_SHARE * windowMs) / this.#got;
    const drawsLong = this.#drawingMs > BUSY_SHARE * windowMs || this.#overtaken > this.#got / 2;
    this.#drawsSlowly = tooFew && (drawsLong || this.#lateMs > LATE_SHARE * windowMs);
    const rate = this.#got / windowMs;
    if (this.#thin) {
      // Full-depth frames that were on their way still came in the first window.
      this.#windows++;
      if (this.#windows === 2 && rate < HELPS * this.#rateBefore) this.#toFullDepth(nowMs, this.#retryMs);
    } else {
      this.#windows = tooFew && tripsFillTheTime && !this.#drawsSlowly ? this.#windows + 1 : 0;
      const enough = this.#fastestTripMs > LONG_TRIP_MS ? 1 : WINDOWS;
      if (this.#windows >= enough && nowMs > this.#notBeforeMs) this.#toJpeg(nowMs, rate);
    }
  }

  #toJpeg(nowMs: number, rate: number): void {
    this.#thin = true;
    this.#windows = 0;
    this.#rateBefore = rate;
    this.#notBeforeMs = nowMs + this.#retryMs;
  }

  #toFullDepth(nowMs: number, waitMs: number): void {
    this.#thin = false;
    this.#windows = 0;
    this.#notBeforeMs = nowMs + waitMs;
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  #startWindow(nowMs: number | undefined): void {
    this.#windowStartedMs = nowMs;
    this.#got = 0;
    this.#missed = 0;
    this.#overtaken = 0;
    this.#drawingMs = 0;
    this.#lateMs = 0;
    this.#fastestTripMs = Infinity;
  }
}
