/** Pairs of pictures from folders or a CSV file. */

import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { greyOfPlane, samplesOf, type Grey } from '../../pipeline/assess/grey.ts';
import { decodePayload, FILE_ENDINGS } from '../../pipeline/decode/registry.ts';
import { ConfigError, messageOf } from '../../pipeline/errors.ts';
import type { Plane } from '../../pipeline/frame.ts';
import { fitLine } from './affine.ts';
import type { Pair } from './pair.ts';

export interface PairPaths {
  readonly name: string;
  readonly field: string;
  readonly group: string;
  readonly raw: string;
  readonly truth: string;
}

export interface PairReading {
  /** Take every second sample of the raw picture each way, as a scan of half the lines and half the samples would. */
  readonly halfSample: boolean;
  /** Fit the truth's scale and offset to the raw picture: needed where each file was stretched on its own. */
  readonly fitTruth: boolean;
}

/**
 * Files of the same name (endings may differ) in two sub-folders. `FIELD_GROUP.png` has a field and a group; any other name
 * is a field of its own. Throws ConfigError naming the folder when nothing matches.
 */
export async function pairsInFolder(folder: string, low: string, high: string): Promise<PairPaths[]> {
  const truths = new Map((await pictures(join(folder, high))).map((path) => [stem(path), path]));
  const raws = await pictures(join(folder, low));
  const pairs = raws.flatMap((raw) => {
    const truth = truths.get(stem(raw));
    return truth === undefined ? [] : [{ ...placeOf(stem(raw)), raw, truth }];
  });
  if (pairs.length === 0) throw new ConfigError(`no picture has the same name in ${low} and ${high} of ${folder}`);
  return pairs;
}

/** A CSV file with the columns `raw` and `truth` (paths, relative to the file) and, if there, `field` and `group`. */
export async function pairsInCsv(path: string): Promise<PairPaths[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${path}: ${messageOf(error)}`);
  });
  const [header, ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map(cellsOf);
  const column = (name: string): number => header?.indexOf(name) ?? -1;
  const [raw, truth, field, group] = ['raw', 'truth', 'field', 'group'].map(column);
  if (raw < 0 || truth < 0) throw new ConfigError(`${path}: the first line must name the columns raw and truth`);
  return rows.map((cells, i) => {
    if (!cells[raw] || !cells[truth]) throw new ConfigError(`${path}: line ${i + 2} names no raw or no truth`);
    const place = placeOf(stem(cells[raw]));
    return {
      name: place.name,
      field: cells[field] ?? place.field,
      group: cells[group] ?? place.group,
      raw: resolve(dirname(path), cells[raw]),
      truth: resolve(dirname(path), cells[truth]),
    };
  });
}

/** Reads one pair. Throws DecodeError, or ConfigError when the sizes do not fit. */
export async function readPair(paths: PairPaths, { halfSample, fitTruth }: PairReading): Promise<Pair> {
  const [measured, reference] = await Promise.all([read(paths.raw), read(paths.truth)]);
  const raw = everyNth(measured, halfSample ? 2 : 1);
  const magnification = reference.sizeX / raw.sizeX;
  if (!Number.isInteger(magnification) || reference.sizeY !== raw.sizeY * magnification) {
    const sizes = `${raw.sizeX}x${raw.sizeY} and ${reference.sizeX}x${reference.sizeY}`;
    throw new ConfigError(`${paths.raw} and ${paths.truth}: ${sizes} pixels are not a whole factor apart`);
  }
  const { name, field, group } = paths;
  const significantBits = raw.pixelType === 'uint8' ? 8 : 16;
  const truth = fitTruth ? fittedTo(reference, halfSample ? measured : raw) : greyOfPlane(reference);
  return { name, field, group, raw, history: [], significantBits, truth, truthIsExact: false, magnification };
}

/** The truth in the units of the measured picture, by least squares over the samples that both have. */
function fittedTo(reference: Plane, measured: Plane): Grey {
  const common = everyNth(reference, reference.sizeX / measured.sizeX);
  const { slope, intercept } = fitLine(common.data, measured.data);
  const truth = greyOfPlane(reference);
  return { ...truth, data: truth.data.map((value) => slope * value + intercept) };
}

async function read(path: string): Promise<Plane> {
  const { plane } = await decodePayload({ kind: 'file', path, page: 0 }, path);
  return everyNth(plane, 1);
}

/** Every `step`-th sample each way, from the first; of colour, green. */
function everyNth(plane: Plane, step: number): Plane {
  const sizeX = Math.ceil(plane.sizeX / step);
  const sizeY = Math.ceil(plane.sizeY / step);
  const data = samplesOf(plane, { x: 0, y: 0, sizeX, sizeY }, step);
  return { sizeX, sizeY, samplesPerPixel: 1, pixelType: plane.pixelType, data };
}

async function pictures(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new ConfigError(`${folder}: ${messageOf(error)}`);
  });
  const endings: readonly string[] = FILE_ENDINGS;
  return names
    .filter((name) => endings.includes(extname(name).toLowerCase()))
    .sort()
    .map((name) => join(folder, name));
}

function stem(path: string): string {
  return basename(path, extname(path));
}

function placeOf(name: string): { name: string; field: string; group: string } {
  const [, field = name, group = ''] = /^(.+)_([^_]+)$/.exec(name) ?? [];
  return { name, field, group };
}

/** Cells of one line; a quoted cell may hold commas. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'),
  );
}
