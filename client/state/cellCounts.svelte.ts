/**
 * How many cells of each class there are, over the last minutes.
 */

import type { Cell } from '../../pipeline/frame.ts';

const HISTORY_LENGTH = 480;

export interface CellCounts {
  readonly total: number;
  readonly byLabel: Readonly<Record<string, number>>;
  /** Cells for which raw and enhanced pixels lead to different answers. */
  readonly flips: number;
}

export function countCells(cells: readonly Cell[]): CellCounts {
  const byLabel: Record<string, number> = {};
  for (const { label } of cells) byLabel[label] = (byLabel[label] ?? 0) + 1;
  return { total: cells.length, byLabel, flips: cells.filter(({ flip }) => flip !== undefined).length };
}

export class CellHistory {
  history = $state.raw<readonly CellCounts[]>([]);
  latest = $derived(this.history.at(-1));

  add(cells: readonly Cell[]): void {
    this.history = [...this.history.slice(-(HISTORY_LENGTH - 1)), countCells(cells)];
  }
}
