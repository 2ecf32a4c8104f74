/** A cell in words, as it is marked in the image and listed in panels. */

import type { Cell } from '../../pipeline/frame.ts';

const UNSURE = 'unsure';

const wholePercent = (share: number): string => `${Math.round(share * 100)}\u2009%`;

/** `neutrophil 97 %`, `unsure: monocyte 48 %`, `red cell 91 %`. */
export function cellWords({ label, confidence, probabilities }: Cell): string {
  if (label !== UNSURE) return `${label} ${wholePercent(confidence)}`;
  const [likeliest] = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
  return likeliest ? `unsure: ${likeliest[0]} ${wholePercent(likeliest[1])}` : UNSURE;
}

/** What raw pixels say, where they do not lead to the same answer. */
export function flipWords({ flip }: Cell): string | undefined {
  if (!flip) return undefined;
  return `raw: ${flip.rawLabel}${flip.rawConfidence > 0 ? ` ${wholePercent(flip.rawConfidence)}` : ''}`;
}

/** True for cells that a model names: the others are only counted, and marked more quietly. */
export function isNamed({ probabilities }: Cell): boolean {
  return Object.keys(probabilities).length > 0;
}

export function isUnsure({ label }: Cell): boolean {
  return label === UNSURE;
}
