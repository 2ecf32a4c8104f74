import { movingMean } from '../movingMean.ts';

/**
 * The fidelity ladder: when a model cannot keep up or keeps failing, a more modest one takes its place, and never the
 * number of frames. Step 0 is the best. Down after a run of late frames or faults; up again after a quiet time, which
 * doubles whenever a step up did not last, so that the ladder does not swing.
 */

export interface StepRuleSettings {
  readonly steps: number;
  /** Faults in a row at one step that lead to the next. */
  readonly faultsInARow: number;
  /** Late frames in a row that lead to the next step ... */
  readonly lateInARow: number;
  /** ... or so long a time, ms, of at least LEAST_LATE frames. */
  readonly lateForMs: number;
  /** Quiet time before a step up is tried, ms. */
  readonly holdMs: number;
}

/** One frame may be late for any reason. */
const LEAST_LATE = 2;
/** The quiet time is never longer than this. */
const LONGEST_HOLD_MS = 300_000;

export class StepRule {
  readonly #settings: StepRuleSettings;
  #step = 0;
  #because = 'best';
  #meanMs: number | undefined;
  #late = 0;
  /** When the first of them was begun. */
  #lateSinceMs = 0;
  readonly #faults: number[];
  #holdMs: number;
  #quietSinceMs = 0;
  #lastUpMs: number | undefined;

  constructor(settings: StepRuleSettings) {
    this.#settings = settings;
    this.#faults = Array.from({ length: settings.steps }, () => 0);
    this.#holdMs = settings.holdMs;
  }

  get step(): number {
    return this.#step;
  }

  get because(): string {
    return this.#because;
  }

  /** The step for a frame that comes now; a step up is tried here. */
  stepAt(nowMs: number): number {
    if (this.#step > 0 && nowMs - this.#quietSinceMs >= this.#holdMs) {
      this.#moveTo(
        this.#step - 1,
        this.#step === 1 ? 'best' : `quiet for ${seconds(this.#holdMs)}: one step up`,
        nowMs,
      );
      this.#lastUpMs = nowMs;
    } else if (this.#lastUpMs !== undefined && this.#late === 0 && nowMs - this.#lastUpMs > this.#holdMs) {
      this.#holdMs = this.#settings.holdMs; // The step up has lasted.
      this.#lastUpMs = undefined;
    }
    return this.#step;
  }

  /** `intervalMs`: time between arrivals that the step has to keep; undefined when the source waits for the model. */
  succeeded(step: number, ms: number, intervalMs: number | undefined, nowMs: number): void {
    this.#faults[step] = 0;
    if (step !== this.#step) return;
    this.#meanMs = movingMean(this.#meanMs, ms);
    const isLate = intervalMs !== undefined && this.#meanMs > intervalMs;
    if (isLate && this.#late === 0) this.#lateSinceMs = nowMs - ms;
    this.#late = isLate ? this.#late + 1 : 0;
    const { lateInARow, lateForMs } = this.#settings;
    if (this.#late >= lateInARow || (this.#late >= LEAST_LATE && nowMs - this.#lateSinceMs >= lateForMs)) {
      this.#down(`late: ${this.#meanMs.toFixed(0)} ms a frame against ${intervalMs!.toFixed(0)} ms`, nowMs);
    }
  }

  failed(step: number, problem: string, nowMs: number): void {
    this.#faults[step] += 1;
    if (step !== this.#step) return;
    this.#quietSinceMs = nowMs;
    if (this.#faults[step] >= this.#settings.faultsInARow) {
      this.#down(`${this.#faults[step]} faults in a row: ${problem}`, nowMs);
    }
  }

  #down(because: string, nowMs: number): void {
    this.#late = 0;
    this.#faults[this.#step] = 0;
    if (this.#step === this.#settings.steps - 1) return;
    if (this.#lastUpMs !== undefined) this.#holdMs = Math.min(2 * this.#holdMs, LONGEST_HOLD_MS);
    this.#lastUpMs = undefined;
    this.#moveTo(this.#step + 1, because, nowMs);
  }

  #moveTo(step: number, because: string, nowMs: number): void {
    this.#step = step;
    this.#because = because;
    this.#meanMs = undefined;
    this.#late = 0;
    this.#quietSinceMs = nowMs;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
