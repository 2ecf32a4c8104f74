import { gaussianBlur } from './gaussianBlur.ts';
import type { Grey } from './grey.ts';
import { RunningMean } from './runningMean.ts';
import { meanSquaredDifference } from './temporalNoise.ts';

/** Raw pixels. */
const SIGMAS = [0.5, 0.7, 1, 1.4, 2, 2.8, 4] as const;

/** The best single Gaussian on the session's own frames: the baseline that a model must beat. */
export class GaussianBaseline {
  readonly #errors: readonly RunningMean[];

  constructor(memory: number) {
    this.#errors = SIGMAS.map(() => new RunningMean(memory));
  }

  add(raw: Grey, next: Grey): void {
    SIGMAS.forEach((sigma, i) => this.#errors[i].add(meanSquaredDifference(gaussianBlur(raw, sigma), next)));
  }

  get frames(): number {
    return this.#errors[0].count;
  }

  /** Smallest mean squared difference from the next raw frame, raw units squared, over the widths tried. */
  get errorAgainstNext(): number {
    return Math.min(...this.#errors.map(({ mean }) => mean));
  }
}
