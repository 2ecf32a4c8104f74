import { answerOf, type Answer } from '../../../../models/evaluate/classify/answer.ts';
import { Random } from '../../../../pipeline/source/simulator/random.ts';

/** Made-up answers of a classifier that is right more often than not. */
export interface MadeUp {
  readonly truths: readonly number[];
  readonly answers: readonly Answer[];
}

export function madeUp(count: number, classes: number, seed: number, sharpness = 2): MadeUp {
  const random = new Random(seed);
  const truths = Array.from({ length: count }, () => Math.floor(random.uniform() * classes));
  const answers = truths.map((truth) => {
    const logits = Array.from({ length: classes }, (_, k) => random.normal() * 1.2 + (k === truth ? sharpness : 0));
    const powers = logits.map((value) => Math.exp(value));
    const sum = powers.reduce((total, value) => total + value, 0);
    return answerOf(powers.map((value) => value / sum));
  });
  return { truths, answers };
}

/** The truth of each picture is drawn from the probabilities that are stated for it: perfectly calibrated. */
export function calibrated(count: number, classes: number, seed: number): MadeUp {
  const random = new Random(seed, 1);
  const { answers } = madeUp(count, classes, seed);
  const truths = answers.map(({ probabilities }) => {
    let rest = random.uniform();
    return Math.max(
      probabilities.findIndex((p) => (rest -= p) < 0),
      0,
    );
  });
  return { truths, answers };
}
