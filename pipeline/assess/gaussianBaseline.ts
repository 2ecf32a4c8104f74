import { gaussianBlur } from './gaussianBlur.ts';
import type { Grey } from './grey.ts';
import { RunningMean } from './runningMean.ts';
import { meanSquaredDifference } from './temporalNoise.ts';

/** Raw pixels. */
const SIGMAS = [1, 2, 1.4, 0.7, 2.8] as const;

/** The best single Gaussian on the session's own frames: the baseline that a model must beat. */
export class GaussianBaseline {
  readonly #errors: readonly RunningMean[];
  #calls = 0;

  constructor(memory: number) {
    this.#errors = SIGMAS.map(() => new RunningMean(memory));
  }

  /** Tries the widths in turn, one a call: a sweep over all of them on one frame would hold up the others. */
  add(raw: Grey, next: Grey): void {
    const turn = this.#calls++ % SIGMAS.length;
    this.#errors[turn].add(meanSquaredDifference(gaussianBlur(raw, SIGMAS[turn]), next));
  }

  /** Smallest mean squared difference from the next raw frame, raw units squared; undefined before the first sweep ends. */
  get errorAgainstNext(): number | undefined {
    return this.#calls < SIGMAS.length ? undefined : Math.min(...this.#errors.map(({ mean }) => mean));
  }
}
