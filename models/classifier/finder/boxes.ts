import type { CellBox } from '../../../pipeline/frame.ts';
import type { TensorValue } from '../../onnxSession.ts';
import { overlapOf } from '../picture.ts';

/** What a finder says: something of a kind, in the pixels of the picture that it looked at (between edges). */
export interface Found {
  readonly kind: string;
  /** Probability that it is there, 0..1. */
  readonly confidence: number;
  readonly box: CellBox;
  /** Closed outline, x0, y0, x1, y1 ... between edges. */
  readonly outline?: readonly number[];
}

export interface BoxRule {
  readonly kinds: readonly string[];
  /** Least probability of each kind. */
  readonly thresholds: readonly number[];
  /** Boxes of a larger intersection over union are one cell. */
  readonly overlap: number;
}

/**
 * Cells from `peaks` [1, kinds, h, w] (0 but at the centres of cells) and `boxes` [1, 4, h, w] (left, top, width, height).
 * Of boxes that lie over each other the most probable stays, whatever its kind: one thing is one cell.
 */
export function cellsFromPeaks(peaks: TensorValue, boxes: TensorValue, rule: BoxRule): Found[] {
  const places = peaks.dims[2] * peaks.dims[3];
  const found: Found[] = [];
  rule.kinds.forEach((kind, k) => {
    for (let place = 0; place < places; place++) {
      const confidence = Number(peaks.data[k * places + place]);
      if (!(confidence >= rule.thresholds[k])) continue;
      const [x, y, width, height] = [0, 1, 2, 3].map((side) => Number(boxes.data[side * places + place]));
      if (width > 0 && height > 0) found.push({ kind, confidence, box: { x, y, width, height } });
    }
  });
  return mostProbable(found, rule.overlap);
}

/** Non-maximum suppression. */
function mostProbable(found: readonly Found[], overlap: number): Found[] {
  const kept: Found[] = [];
  for (const candidate of [...found].sort((a, b) => b.confidence - a.confidence)) {
    if (kept.every(({ box }) => overlapOf(box, candidate.box) <= overlap)) kept.push(candidate);
  }
  return kept;
}
