import { Random } from '../../../pipeline/source/simulator/random.ts';
import type { Answer } from './answer.ts';
import { percentileInterval } from '../bootstrap.ts';
import { BINS, binOf } from './metrics/calibration.ts';
import { accuracyOf, macroF1 } from './metrics/confusion.ts';

/**
 * Paired bootstrap by source picture: pictures are drawn again with replacement, all pictures of one source (augmentations,
 * cells of one field) together, and every arm is scored on the same draw. Differences between arms therefore keep their
 * pairing. The classifiers are held fixed: what several trainings add is the spread over seeds, reported beside.
 */

export const RESAMPLES = 2000;
const SEED = 64;

export type BootstrapFigure = 'accuracy' | 'macroF1' | 'confidence' | 'gap' | 'ece';
export const BOOTSTRAP_FIGURES: readonly BootstrapFigure[] = ['accuracy', 'macroF1', 'confidence', 'gap', 'ece'];

export interface Estimate {
  readonly value: number;
  /** 95 % percentile interval; NaN with fewer than two sources. */
  readonly low: number;
  readonly high: number;
}

/** The value on all pictures first, then on each draw. */
export type Draws = Readonly<Record<BootstrapFigure, Float64Array>>;

/** Per arm, the answers of each of its classifiers to the same pictures in the same order. */
export type ArmAnswers = ReadonlyMap<string, readonly (readonly Answer[])[]>;

/** Figures of each arm (mean over its classifiers) on every draw. */
export function drawArms(
  truths: readonly number[],
  sources: readonly string[],
  arms: ArmAnswers,
  classes: number,
  resamples = RESAMPLES,
): ReadonlyMap<string, Draws> {
  const names = [...new Set(sources)];
  const place = new Map(names.map((name, k) => [name, k]));
  const sourceOf = sources.map((source) => place.get(source)!);
  const rounds = names.length < 2 ? 0 : resamples;
  const draws = new Map([...arms.keys()].map((arm) => [arm, emptyDraws(rounds + 1)]));
  const random = new Random(SEED);
  for (let round = 0; round <= rounds; round++) {
    const drawn = round === 0 ? new Uint16Array(names.length).fill(1) : drawSources(names.length, random);
    const weights = sourceOf.map((k) => drawn[k]);
    for (const [arm, classifiers] of arms) {
      const figures = classifiers.map((answers) => weightedFigures(truths, answers, weights, classes));
      for (const name of BOOTSTRAP_FIGURES) {
        draws.get(arm)![name][round] = figures.reduce((sum, each) => sum + each[name], 0) / figures.length;
      }
    }
  }
  return draws;
}

/** Of one figure of an arm; with `base`, of its difference to that arm. */
export function estimate(arm: Draws, figure: BootstrapFigure, base?: Draws): Estimate {
  const [value, ...drawn] = base ? arm[figure].map((drawn, i) => drawn - base[figure][i]) : arm[figure];
  return { value, ...percentileInterval(drawn.sort((a, b) => a - b)) };
}

/** True when the interval does not hold 0. */
export function isBeyondChance({ low, high }: Estimate): boolean {
  return low > 0 || high < 0;
}

function emptyDraws(length: number): Draws {
  return Object.fromEntries(BOOTSTRAP_FIGURES.map((name) => [name, new Float64Array(length)])) as Draws;
}

/** How often each source is drawn. */
function drawSources(count: number, random: Random): Uint16Array {
  const drawn = new Uint16Array(count);
  for (let i = 0; i < count; i++) drawn[Math.floor(random.uniform() * count)] += 1;
  return drawn;
}

function weightedFigures(
  truths: readonly number[],
  answers: readonly Answer[],
  weights: readonly number[],
  classes: number,
): Record<BootstrapFigure, number> {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const surplus = new Float64Array(BINS); // Of confidence over right answers, by bin.
  let [all, confidences] = [0, 0];
  for (let i = 0; i < answers.length; i++) {
    const weight = weights[i];
    if (weight === 0) continue;
    const { predicted, confidence } = answers[i];
    confusion[truths[i]][predicted] += weight;
    surplus[binOf(confidence)] += weight * (confidence - (predicted === truths[i] ? 1 : 0));
    confidences += weight * confidence;
    all += weight;
  }
  const accuracy = accuracyOf(confusion);
  const confidence = confidences / all;
  const ece = surplus.reduce((sum, value) => sum + Math.abs(value), 0) / all;
  return { accuracy, macroF1: macroF1(confusion), confidence, gap: confidence - accuracy, ece };
}
