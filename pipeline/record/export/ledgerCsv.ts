/** The ledger as a table (RFC 4180): one line a frame. */

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { RecordedSession } from '../review.ts';
import type { StoredRow } from '../rows.ts';
import { exportStep, type ExportProgress } from './progress.ts';
import type { Range } from './selection.ts';

export type CsvValue = string | number | boolean | undefined;

/** Units as in the ledger: ms for times of arrival and stages, s for deltaT and exposureTime, raw units for intensities. */
const COLUMNS: readonly (readonly [name: string, value: (row: StoredRow) => CsvValue])[] = [
  ['sequence', (row) => row.sequence],
  ['name', (row) => row.name],
  ['end', (row) => row.end],
  ['because', (row) => row.because],
  ['recorded', (row) => row.recorded],
  ['t', (row) => row.raw?.index.t ?? row.meta?.index.t],
  ['c', (row) => row.raw?.index.c ?? row.meta?.index.c],
  ['z', (row) => row.raw?.index.z ?? row.meta?.index.z],
  ['deltaT_s', (row) => row.meta?.deltaT],
  ['exposureTime_s', (row) => row.meta?.exposureTime],
  ['arrivedMs', (row) => row.meta?.arrivedMs],
  ['endedMs', (row) => row.endedMs],
  ['decodeMs', (row) => row.times['decode']],
  ['recordMs', (row) => row.times['record']],
  ['enhanceMs', (row) => row.times['enhance']],
  ['assessMs', (row) => row.times['assess']],
  ['classifyMs', (row) => row.times['classify']],
  ['rawSha256', (row) => row.raw?.sha256],
  ['enhancedSha256', (row) => row.enhanced?.sha256],
  ['predictedBy', (row) => row.prediction && `${row.prediction.modelId} ${row.prediction.modelVersion}`],
  ['modelSha256', (row) => row.prediction?.modelSha256],
  ['ladderStep', (row) => row.prediction?.ladderStep],
  ['mean', (row) => row.quality?.measured.mean],
  ['noiseSigma', (row) => row.quality?.measured.noiseSigma],
  ['saturated', (row) => row.quality?.measured.saturated],
  ['photonsBright', (row) => row.quality?.measured.photonsBright],
  ['focusRelative', (row) => row.quality?.measured.focusRelative],
  ['driftX_px', (row) => row.quality?.measured.drift?.x],
  ['driftY_px', (row) => row.quality?.measured.drift?.y],
  ['rawResolution_um', (row) => row.quality?.measured.resolution],
  ['intensityKept', (row) => row.quality?.measured.intensityKept],
  ['verdict', (row) => row.quality?.predicted?.verdict],
  ['verdictBecause', (row) => row.quality?.predicted?.because],
  ['uPsnr_dB', (row) => row.quality?.predicted?.uPsnr],
  ['chiSquared', (row) => row.quality?.predicted?.chiSquared],
  ['flagged', (row) => row.quality?.predicted?.flagged],
  ['cells', (row) => row.cells?.length],
  ['cellLabels', (row) => row.cells?.map(({ label }) => label).join('; ')],
  ['cellFlips', (row) => row.cells?.filter(({ flip }) => flip !== undefined).length],
  ['cellsSeenIn', (row) => row.cellsSeenIn],
  ['cellsBy', (row) => row.cellsBy],
  ['cellsSkipped', (row) => row.cellsSkipped],
];

/** Frames that were never recorded have their line as well. */
export async function exportCsv(
  session: RecordedSession,
  { from = 0, to = session.frameCount, every = 1 }: Range,
  path: string,
  progress: ExportProgress,
): Promise<void> {
  const file = createWriteStream(path);
  file.write(`${COLUMNS.map(([name]) => name).join(',')}\r\n`);
  for (let sequence = from; sequence < Math.min(to, session.frameCount); sequence += every) {
    exportStep(progress);
    const row = session.row(sequence);
    if (!row) continue;
    const line = COLUMNS.map(([, value]) => csvField(value(row))).join(',');
    if (!file.write(`${line}\r\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}

/** A value as it stands in a line, in quotation marks where it needs them. */
export function csvField(value: CsvValue): string {
  if (value === undefined) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
