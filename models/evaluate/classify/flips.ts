import type { Answer } from './answer.ts';

/** A picture whose answer changes when the arm changes: the enhancement, rather than the cell, made the decision. */
export interface Flip {
  /** Index of the picture. */
  readonly picture: number;
  readonly kind: FlipKind;
}

export type FlipKind = keyof typeof FLIP_MEANINGS;

export const FLIP_MEANINGS = {
  corrected: 'wrong from bicubic, right in the arm',
  spoiled: 'right from bicubic, wrong in the arm',
  exchanged: 'wrong in both, with different classes',
  emboldened: 'refused as unsure from bicubic, named in the arm; the class is the same',
} as const;

export const FLIP_KINDS = Object.keys(FLIP_MEANINGS) as FlipKind[];

/** From one arm's answers to another's, in the order of the pictures. */
export function flipsBetween(truths: readonly number[], from: readonly Answer[], to: readonly Answer[]): Flip[] {
  return truths.flatMap((truth, picture) => {
    const kind = flipOf(truth, from[picture], to[picture]);
    return kind ? [{ picture, kind }] : [];
  });
}

function flipOf(truth: number, from: Answer, to: Answer): FlipKind | undefined {
  if (from.predicted === to.predicted) return from.unsure && !to.unsure ? 'emboldened' : undefined;
  if (to.predicted === truth) return 'corrected';
  return from.predicted === truth ? 'spoiled' : 'exchanged';
}
