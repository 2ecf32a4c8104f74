/** What a look at one cell comes to. */

export const UNSURE = 'unsure';
/** What raw pixels lead to where the finder sees nothing in them. */
export const NOT_FOUND = 'not found';

/** What is seen of one cell in one picture. */
export interface Look {
  /** What the finder takes it for. */
  readonly kind: string;
  /** Probability that it is there, 0..1. */
  readonly confidence: number;
  /** Calibrated probability of each class; absent where nothing names cells of the kind. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** It is like nothing that the namer was trained on. */
  readonly isStrange?: boolean;
}

export interface Decision {
  /** A class, the kind, or `unsure`. */
  readonly label: string;
  /** Of the label; of the likeliest class where it is unsure. */
  readonly confidence: number;
}

/** `unsureBelow`: a class that is less probable is not named. */
export function decide({ kind, confidence, probabilities, isStrange }: Look, unsureBelow: number): Decision {
  if (!probabilities) return { label: kind, confidence };
  const [name, probability] = likeliest(probabilities);
  return { label: isStrange || probability < unsureBelow ? UNSURE : name, confidence: probability };
}

function likeliest(probabilities: Readonly<Record<string, number>>): readonly [name: string, probability: number] {
  return Object.entries(probabilities).reduce((best, each) => (each[1] > best[1] ? each : best), ['', -Infinity]);
}
