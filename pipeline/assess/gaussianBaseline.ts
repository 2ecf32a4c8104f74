import { Comparison, type FollowingFrame } from './comparison.ts';
import { gaussianBlur } from './gaussianBlur.ts';
import type { Grey } from './grey.ts';

/** Raw pixels. */
const SIGMAS = [1, 2, 1.4, 0.7, 2.8] as const;
/** Comparisons of each width before one is chosen: a single one scatters by more than neighbouring widths differ. */
const FEWEST = 2;
/** dB by which another width must be better to be chosen in place of the present one: a picture must not flicker. */
const CLEARLY = 0.3;

/** The best single Gaussian on the session's own frames: the baseline that a model must beat. */
export class GaussianBaseline {
  readonly #comparisons: readonly Comparison[];
  #calls = 0;
  #chosen: number | undefined;

  constructor(memory: number) {
    this.#comparisons = SIGMAS.map(() => new Comparison(memory));
  }

  /** Tries the widths in turn, one a call: a sweep over all of them on one frame would hold up the others. */
  add(raw: Grey, next: FollowingFrame): void {
    const turn = this.#calls++ % SIGMAS.length;
    this.#comparisons[turn].add(gaussianBlur(raw, SIGMAS[turn]), next);
  }

  /** Raw pixels: the best width, kept until another one is clearly better; undefined before it is known. */
  sigma(range: number): number | undefined {
    if (this.#comparisons.some(({ count }) => count < FEWEST)) return undefined;
    const scores = this.#comparisons.map((comparison) => comparison.uPsnr(range));
    const best = scores.indexOf(Math.max(...scores));
    if (this.#chosen === undefined || scores[best] > scores[this.#chosen] + CLEARLY) this.#chosen = best;
    return SIGMAS[this.#chosen];
  }

  /** dB, of the best width; undefined before all were tried. */
  uPsnr(range: number): number | undefined {
    if (this.#comparisons.some(({ count }) => count === 0)) return undefined;
    return Math.max(...this.#comparisons.map((comparison) => comparison.uPsnr(range)));
  }
}
