import type { Answer } from '../answer.ts';

/** Is the stated confidence the share that is right? */

/** Pictures whose confidence lies in (low, high]. */
export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Share that is right; NaN in an empty bin. */
  readonly accuracy: number;
  /** Mean confidence; NaN in an empty bin. */
  readonly confidence: number;
}

/** The number of bins of Guo et al., On calibration of modern neural networks (ICML 2017), and of their published code. */
export const BINS = 15;

/** Index of the bin (k / BINS, (k + 1) / BINS] that holds a confidence above 0. */
export function binOf(confidence: number): number {
  return Math.min(Math.max(Math.ceil(confidence * BINS) - 1, 0), BINS - 1);
}

/** Equal widths: the reliability diagram. */
export function equalWidthBins(truths: readonly number[], answers: readonly Answer[]): CalibrationBin[] {
  const members = Array.from({ length: BINS }, (): number[] => []);
  answers.forEach(({ confidence }, i) => members[binOf(confidence)].push(i));
  return members.map((inBin, k) => ({ low: k / BINS, high: (k + 1) / BINS, ...binFigures(inBin, truths, answers) }));
}

/** Equal counts (Nixon et al., Measuring calibration in deep learning, CVPR workshops 2019): no bin is nearly empty. */
export function equalCountBins(truths: readonly number[], answers: readonly Answer[]): CalibrationBin[] {
  const order = answers.map((_, i) => i).sort((a, b) => answers[a].confidence - answers[b].confidence);
  return Array.from({ length: BINS }, (_, k) => {
    const inBin = order.slice(Math.floor((k * order.length) / BINS), Math.floor(((k + 1) * order.length) / BINS));
    const confidences = inBin.map((i) => answers[i].confidence);
    const [low, high] = [confidences[0] ?? NaN, confidences.at(-1) ?? NaN];
    return { low, high, ...binFigures(inBin, truths, answers) };
  });
}

/** Expected calibration error: sum over bins of n_b / n |accuracy_b - confidence_b|, 0..1. */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const all = bins.reduce((sum, { count }) => sum + count, 0);
  return bins
    .filter(({ count }) => count > 0)
    .reduce((sum, { count, accuracy, confidence }) => sum + (count / all) * Math.abs(accuracy - confidence), 0);
}

/** Mean over pictures of the sum over classes of (probability - truth)^2 (Brier 1950, all classes): 0..2. */
export function brierScore(truths: readonly number[], answers: readonly Answer[]): number {
  return meanOver(answers, ({ probabilities }, i) =>
    probabilities.reduce((sum, p, k) => sum + (p - (k === truths[i] ? 1 : 0)) ** 2, 0),
  );
}

/** Mean of -ln(probability of the true class), nats; a probability of 0 counts as 2^-52, as scikit-learn does. */
export function negativeLogLikelihood(truths: readonly number[], answers: readonly Answer[]): number {
  return meanOver(answers, ({ probabilities }, i) => -Math.log(Math.max(probabilities[truths[i]], Number.EPSILON)));
}

/** Mean entropy of the probabilities, nats: 0 (certain) to ln(classes). */
export function meanEntropy(answers: readonly Answer[]): number {
  return meanOver(answers, ({ probabilities }) =>
    probabilities.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0),
  );
}

export function meanOver<T>(items: readonly T[], value: (item: T, i: number) => number): number {
  return items.reduce((sum, item, i) => sum + value(item, i), 0) / items.length;
}

function binFigures(inBin: readonly number[], truths: readonly number[], answers: readonly Answer[]) {
  return {
    count: inBin.length,
    accuracy: meanOver(inBin, (i) => (answers[i].predicted === truths[i] ? 1 : 0)),
    confidence: meanOver(inBin, (i) => answers[i].confidence),
  };
}
