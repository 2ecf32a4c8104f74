/** The cells of a session as a table (RFC 4180): one line for each cell of each look. */

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Cell } from '../../frame.ts';
import type { RecordedSession } from '../review.ts';
import type { StoredRow } from '../rows.ts';
import { csvField, type CsvValue } from './ledgerCsv.ts';
import { exportStep, type ExportProgress } from './progress.ts';
import type { Range } from './selection.ts';

/** Boxes in raw pixels between edges (sample k covers [k, k + 1)); `seenIn` is the sequence of the frame looked at. */
const COLUMNS: readonly (readonly [name: string, value: (cell: Cell, row: StoredRow) => CsvValue])[] = [
  ['seenIn', (_, row) => row.cellsSeenIn],
  ['t', (_, row) => row.meta?.index.t],
  ['z', (_, row) => row.meta?.index.z],
  ['id', (cell) => cell.id],
  ['kind', (cell) => cell.kind],
  ['label', (cell) => cell.label],
  ['confidence', (cell) => cell.confidence],
  ['looks', (cell) => cell.looks],
  ['lookedAt', (cell) => cell.lookedAt],
  ['x_px', (cell) => cell.box.x],
  ['y_px', (cell) => cell.box.y],
  ['width_px', (cell) => cell.box.width],
  ['height_px', (cell) => cell.box.height],
  ['flip', (cell) => cell.flip !== undefined],
  ['rawLabel', (cell) => cell.flip?.rawLabel],
  ['rawConfidence', (cell) => cell.flip?.rawConfidence],
  ['by', (_, row) => row.cellsBy],
];

/** Each class has a column of its own, after the ones above. Returns false, and writes nothing, where no cell was found. */
export async function exportCellsCsv(
  session: RecordedSession,
  range: Range,
  path: string,
  progress: ExportProgress,
): Promise<boolean> {
  const classes = new Set<string>();
  for (const row of rowsOf(session, range)) {
    for (const { probabilities } of row.cells ?? []) Object.keys(probabilities).forEach((name) => classes.add(name));
  }
  const names = [...classes].sort();
  let file: ReturnType<typeof createWriteStream> | undefined;
  for (const row of rowsOf(session, range)) {
    exportStep(progress);
    for (const cell of row.cells ?? []) {
      if (!file) {
        file = createWriteStream(path);
        file.write(`${[...COLUMNS.map(([name]) => name), ...names].map(csvField).join(',')}\r\n`);
      }
      const values = [
        ...COLUMNS.map(([, value]) => value(cell, row)),
        ...names.map((name) => cell.probabilities[name]),
      ];
      if (!file.write(`${values.map(csvField).join(',')}\r\n`)) await once(file, 'drain');
    }
  }
  if (!file) return false;
  file.end();
  await finished(file);
  return true;
}

function* rowsOf(
  session: RecordedSession,
  { from = 0, to = session.frameCount, every = 1 }: Range,
): Generator<StoredRow> {
  for (let sequence = from; sequence < Math.min(to, session.frameCount); sequence += every) {
    const row = session.row(sequence);
    if (row) yield row;
  }
}
