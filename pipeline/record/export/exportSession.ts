/** Exports a session, or a part of it, in a form that other programs read. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { SessionError } from '../../errors.ts';
import type { RecordedSession, Which } from '../review.ts';
import type { RgbPicture } from './drawing.ts';
import { framePicture, styleFor, type PictureStyle } from './framePicture.ts';
import { exportCellsCsv } from './cellsCsv.ts';
import { exportCsv } from './ledgerCsv.ts';
import { writeMovie, type MovieFormat } from './movie.ts';
import { exportStep, type ExportProgress } from './progress.ts';
import { provenanceOf } from './provenance.ts';
import { select, type Range, type SelectedFrame } from './selection.ts';
import { exportTiff } from './tiffExport.ts';

export const EXPORT_FORMATS = ['ome-tiff', 'tiff', 'mp4', 'webm', 'csv', 'png'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOptions extends Range {
  readonly format: ExportFormat;
  /** For movies and pictures, `both` means side by side; for TIFF, a file each. */
  readonly what: Which | 'both';
  /** Folder that the files go into; made when it is missing. */
  readonly out: string;
  /** Raw intensities shown as black and white in movies and pictures; absent: from the first frame. */
  readonly window?: readonly [number, number];
  /** frames/s of a movie; default: the rate at which the frames came, 1..60. */
  readonly rate?: number;
  readonly ffmpeg?: string;
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/** Returns the files written. Throws SessionError when there is nothing to export, RecordError when it cannot be written. */
export async function exportSession(session: RecordedSession, options: ExportOptions): Promise<string[]> {
  const { format, what, out } = options;
  const kinds: readonly Which[] = what === 'both' ? ['raw', 'enhanced'] : [what];
  await mkdir(out, { recursive: true });
  const base = join(out, session.id);
  if (format === 'csv') {
    const { from = 0, to = session.frameCount, every = 1 } = options;
    const lines = Math.ceil((Math.min(to, session.frameCount) - from) / every);
    const progress = progressOver(2 * lines, options);
    await exportCsv(session, options, `${base}.csv`, progress);
    const cells = `${base}-cells.csv`;
    return (await exportCellsCsv(session, options, cells, progress)) ? [`${base}.csv`, cells] : [`${base}.csv`];
  }

  const selected = selectFor(session, options, kinds);
  switch (format) {
    case 'ome-tiff':
    case 'tiff': {
      const progress = progressOver(selected.length * kinds.length, options);
      const files: string[] = [];
      for (const which of kinds) files.push(...(await exportTiff(session, selected, which, format, base, progress)));
      return files;
    }
    case 'png':
    case 'mp4':
    case 'webm': {
      const style = await styleFor(session, selected, kinds, options.window);
      const pictures = drawn(session, selected, style, progressOver(selected.length, options));
      const path = `${base}-${what}`;
      const sidecar = `${path}.json`;
      await writeFile(sidecar, `${JSON.stringify(provenanceOf(session, selected, what), null, 2)}\n`);
      if (format === 'png') return [...(await writeStills(path, selected, pictures)), sidecar];
      await writeMovie(`${path}.${format}`, pictures, movieOptions(session, selected, style, options, format));
      return [`${path}.${format}`, sidecar];
    }
  }
}

function selectFor(session: RecordedSession, options: ExportOptions, kinds: readonly Which[]): SelectedFrame[] {
  const selected = select(session, options);
  if (selected.length === 0) throw new SessionError(`${session.id} has no recorded frames in that range`);
  const onlyEnhanced = kinds.length === 1 && kinds[0] === 'enhanced';
  if (onlyEnhanced && !selected.some(({ entry }) => entry.hasEnhanced)) {
    throw new SessionError(`${session.id} has no enhanced frames in that range`);
  }
  return selected;
}

function progressOver(of: number, { onProgress, signal }: ExportOptions): ExportProgress {
  let done = 0;
  return { step: () => onProgress?.(Math.min(++done, of), of), ...(signal && { signal }) };
}

async function* drawn(
  session: RecordedSession,
  selected: readonly SelectedFrame[],
  style: PictureStyle,
  progress: ExportProgress,
): AsyncGenerator<RgbPicture> {
  for (const frame of selected) {
    exportStep(progress);
    yield await framePicture(session, frame, style);
  }
}

/** `SESSION-raw-000012.png`: the number is the frame's sequence. */
async function writeStills(
  base: string,
  selected: readonly SelectedFrame[],
  pictures: AsyncIterable<RgbPicture>,
): Promise<string[]> {
  const files: string[] = [];
  for await (const { width, height, data } of pictures) {
    const { sequence } = selected[files.length]!.entry;
    const path = `${base}-${String(sequence).padStart(6, '0')}.png`;
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path);
    files.push(path);
  }
  return files;
}

const MAX_RATE = 60;

function movieOptions(
  session: RecordedSession,
  selected: readonly SelectedFrame[],
  { which, panelWidth, panelHeight }: PictureStyle,
  options: ExportOptions,
  format: MovieFormat,
) {
  const first = selected[0]!.entry;
  const last = selected.at(-1)!.entry;
  const seconds = (last.arrivedMs - first.arrivedMs) / 1000;
  const natural = seconds > 0 ? (selected.length - 1) / seconds : 1;
  const predicted = which.includes('enhanced') ? '; enhanced pixels are predicted by a model, not measured' : '';
  return {
    format,
    width: panelWidth * which.length,
    height: panelHeight,
    rate: options.rate ?? Math.min(MAX_RATE, Math.max(1, Number(natural.toPrecision(4)))),
    comment: `Scopestream session ${session.id}${predicted}`,
    ...(options.ffmpeg !== undefined && { ffmpeg: options.ffmpeg }),
  };
}
