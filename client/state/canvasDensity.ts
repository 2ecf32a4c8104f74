/**
 * How many pixels the canvas has for a pixel of the screen, where a processor draws it (no GPU, or a remote desktop). Drawing takes time
 * in proportion to them: a picture that is a little soft and keeps up with the microscope tells more than a sharp one that does not. A
 * picture that stands still is drawn in full whatever this says.
 */

const STEPS = [1, 0.7, 0.5] as const;
const WINDOW_MS = 2000;
const MISSED_SHARE = 0.05;
/** Paints a second above which movement is smooth: what is missed beyond that, nobody misses. */
const SMOOTH_RATE = 24;

export class CanvasDensity {
  #step = 0;
  #windowStartedMs: number | undefined;
  #painted = 0;
  #missed = 0;
  /** The first window is that of a page that is still starting. */
  #started = false;

  /** Of the screen's pixels along each side, 0.5 to 1. */
  get value(): number {
    return STEPS[this.#step]!;
  }

  /** `missed`: frames that the service passed over for this viewer since the one before. */
  painted(missed: number, nowMs: number): void {
    if (this.#windowStartedMs === undefined) return this.#startWindow(nowMs);
    this.#painted++;
    this.#missed += missed;
    const windowMs = nowMs - this.#windowStartedMs;
    if (windowMs < WINDOW_MS) return;
    const tooFew = this.#missed / (this.#painted + this.#missed) > MISSED_SHARE;
    const rate = (this.#painted / windowMs) * 1000;
    if (this.#started && tooFew && rate < SMOOTH_RATE) this.#step = Math.min(this.#step + 1, STEPS.length - 1);
    this.#started = true;
    this.#startWindow(nowMs);
  }

  /** There is another amount to draw now: the first guess is again that all of it can be. */
  restart(): void {
    this.#step = 0;
    this.#started = false;
    this.#startWindow(undefined);
  }

  #startWindow(nowMs: number | undefined): void {
    this.#windowStartedMs = nowMs;
    this.#painted = 0;
    this.#missed = 0;
  }
}
