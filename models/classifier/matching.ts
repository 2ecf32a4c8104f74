import type { CellBox } from '../../pipeline/frame.ts';
import { overlapOf } from './picture.ts';

/**
 * Which detection is which cell of before. Pairs are taken one by one, the most alike first, and only while they are alike
 * enough. The best assignment over all pairs would differ from this only where two cells compete for places closer together
 * than a cell, and there the places alone cannot tell.
 */

export interface Placed {
  readonly kind: string;
  readonly box: CellBox;
}

/** Boxes that do not lie over each other may still belong together when they are this close, in mean sizes of both. */
const REACH = 0.75;
/** Such a pair comes behind every pair whose boxes overlap by as much. */
const LEAST_OVERLAP = 0.1;
/** A change of kind is possible (a finder may waver), but unlikely. */
const OTHER_KIND = 0.5;

/** For each detection the index of its cell, or -1 for a new one. `expected`: the cells where they should be by now. */
export function matched(expected: readonly Placed[], detections: readonly Placed[]): number[] {
  const pairs = expected.flatMap((cell, cellIndex) =>
    detections.flatMap((detection, index) => {
      const likeness = likenessOf(cell, detection);
      return likeness > 0 ? [{ cellIndex, index, likeness }] : [];
    }),
  );
  const cellOf = detections.map(() => -1);
  const taken = new Set<number>();
  for (const { cellIndex, index } of pairs.sort((a, b) => b.likeness - a.likeness)) {
    if (cellOf[index] >= 0 || taken.has(cellIndex)) continue;
    cellOf[index] = cellIndex;
    taken.add(cellIndex);
  }
  return cellOf;
}

/** 0: not the same cell. */
function likenessOf(a: Placed, b: Placed): number {
  const overlap = overlapOf(a.box, b.box);
  const size = (a.box.width + a.box.height + b.box.width + b.box.height) / 4;
  const away = Math.hypot(middleX(a.box) - middleX(b.box), middleY(a.box) - middleY(b.box)) / (REACH * size);
  const nearness = LEAST_OVERLAP * Math.max(1 - away, 0);
  return Math.max(overlap > LEAST_OVERLAP ? overlap : 0, nearness) * (a.kind === b.kind ? 1 : OTHER_KIND);
}

export function middleX({ x, width }: CellBox): number {
  return x + width / 2;
}

export function middleY({ y, height }: CellBox): number {
  return y + height / 2;
}
