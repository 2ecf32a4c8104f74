import { energyOf, probabilitiesOf } from '../../classifier/probabilities.ts';

/** What a classifier says of one picture. */
export interface Answer {
  /** One for each class, 0..1, sum 1; after the package's temperature. */
  readonly probabilities: readonly number[];
  /** Index of the largest probability. */
  readonly predicted: number;
  /** The largest probability. */
  readonly confidence: number;
  /** The classifier's own rule refuses to name this one. `predicted` stands nevertheless. */
  readonly unsure: boolean;
}

/** How logits become an answer: constants of the package, fitted on original pictures and never on restored ones. */
export interface AnswerRule {
  readonly temperature: number;
  /** Below this largest probability the answer is `unsure`. */
  readonly unsureBelow?: number;
  /** Below this energy the picture is like nothing seen in training, and the answer is `unsure`. */
  readonly energyFloor?: number;
}

/** The answer to one picture; `kept` are the classes that may be named (all by default), the others have no say. */
export function decide(logits: ArrayLike<number>, rule: AnswerRule, kept?: readonly number[]): Answer {
  const { temperature, unsureBelow = 0, energyFloor = -Infinity } = rule;
  const answer = answerOf(probabilitiesOf(kept ? kept.map((k) => logits[k]) : logits, temperature));
  const unsure = answer.confidence < unsureBelow || energyOf(logits, temperature) < energyFloor;
  return { ...answer, unsure };
}

/** The first of equal maxima, as numpy's argmax. */
export function answerOf(probabilities: readonly number[], unsure = false): Answer {
  const confidence = Math.max(...probabilities);
  return { probabilities, predicted: probabilities.indexOf(confidence), confidence, unsure };
}
