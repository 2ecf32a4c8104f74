import type { CellFlip } from '../../pipeline/frame.ts';
import { decide, NOT_FOUND, UNSURE, type Look } from './decision.ts';

/**
 * Whether the enhancement, rather than the cell, made the decision: enhanced pixels lead to a sure answer, and raw pixels
 * (enlarged by cubic convolution, cut and named in the same way) to another one, to none, or to no cell at all. An enhanced
 * look that is unsure decides nothing, and is no flip.
 */
export function flipOf(enhanced: Look, raw: Look | undefined, unsureBelow: number): CellFlip | undefined {
  const decided = decide(enhanced, unsureBelow);
  if (decided.label === UNSURE) return undefined;
  if (!raw) return { rawLabel: NOT_FOUND, rawConfidence: 0 };
  const { label, confidence } = decide(raw, unsureBelow);
  return label === decided.label ? undefined : { rawLabel: label, rawConfidence: confidence };
}
