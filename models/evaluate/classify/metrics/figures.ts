import type { Answer } from '../answer.ts';
import {
  brierScore,
  calibrationError,
  equalCountBins,
  equalWidthBins,
  meanEntropy,
  meanOver,
  negativeLogLikelihood,
} from './calibration.ts';
import { accuracyOf, confusionOf, macroF1 } from './confusion.ts';
import { areaUnder, riskCoverage } from './riskCoverage.ts';

/** Every figure of one classifier on the pictures of one arm. NaN where there is nothing to take it from. */
export type Figures = Readonly<Record<FigureName, number>>;
export type FigureName = keyof typeof FIGURE_MEANINGS;

/** The order is that of the report. */
export const FIGURE_MEANINGS = {
  accuracy: 'share of pictures named rightly, refusals not heeded',
  macroF1: 'F1 averaged over classes, each class alike',
  confidence: 'mean of the largest probability',
  gap: 'mean confidence minus accuracy: above 0 the arm is more confident than right',
  overconfidence: 'mean confidence of the wrong answers',
  ece: 'expected calibration error, 15 bins of equal width (low, high]',
  adaptiveEce: 'the same, 15 bins of equal count',
  brier: 'mean squared error of the probabilities, summed over classes, 0 to 2',
  nll: 'mean of -ln(probability of the true class), nats',
  entropy: 'mean entropy of the probabilities, nats',
  aurc: 'area under the risk-coverage curve: mean share of errors when only the surest are answered',
  unsure: 'share of pictures that the classifier refuses to name',
  answeredAccuracy: 'share named rightly among those not refused',
} as const;

export const FIGURE_NAMES = Object.keys(FIGURE_MEANINGS) as FigureName[];

export function figuresOf(truths: readonly number[], answers: readonly Answer[], classes: number): Figures {
  const predicted = answers.map((answer) => answer.predicted);
  const right = (i: number): boolean => predicted[i] === truths[i];
  const confusion = confusionOf(truths, predicted, classes);
  const accuracy = accuracyOf(confusion);
  const confidence = meanOver(answers, (answer) => answer.confidence);
  const answered = answers.map((_, i) => i).filter((i) => !answers[i].unsure);
  return {
    accuracy,
    macroF1: macroF1(confusion),
    confidence,
    gap: confidence - accuracy,
    overconfidence: meanOver(
      answers.filter((_, i) => !right(i)),
      (answer) => answer.confidence,
    ),
    ece: calibrationError(equalWidthBins(truths, answers)),
    adaptiveEce: calibrationError(equalCountBins(truths, answers)),
    brier: brierScore(truths, answers),
    nll: negativeLogLikelihood(truths, answers),
    entropy: meanEntropy(answers),
    aurc: areaUnder(riskCoverage(truths, answers)),
    unsure: 1 - answered.length / answers.length,
    answeredAccuracy: meanOver(answered, (i) => (right(i) ? 1 : 0)),
  };
}
