/**
 * The true time of each raw plane, beside the planes: the array `raw/times` with the axes t, c, z. OME-Zarr itself knows only
 * one interval for all frames. Made from the index when a session is closed or recovered.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INDEX_FILE, ENTRY_BYTES, isFrameEntry, readEntries, readEntry } from './frameIndex.ts';
import { writeJsonAtomically } from './jsonFile.ts';
import { ARRAY_NAME, IMAGES_FOLDER, RAW_IMAGE, timesArray } from './omeZarr.ts';

const TIMES_NAME = 'times';
/** A session with a few planes at far-off places is not worth an array that is nearly all holes. */
const MAX_PLACES = 2 ** 24;

/**
 * Seconds since `startedAt` (ISO 8601): the instrument's own time where it gave one, the time of arrival where not, NaN where
 * no plane is. Does nothing for a session without planes.
 */
export function writePlaneTimes(folder: string, startedAt: string): void {
  const image = join(folder, IMAGES_FOLDER, RAW_IMAGE);
  const shape = readShape(join(image, ARRAY_NAME, 'zarr.json'));
  if (!shape) return;
  const [sizeT, sizeC, sizeZ] = shape;
  if (sizeT * sizeC * sizeZ > MAX_PLACES) return;
  const times = new Float64Array(sizeT * sizeC * sizeZ).fill(NaN);
  const entries = readEntries(join(folder, INDEX_FILE));
  const startMs = Date.parse(startedAt);
  for (let at = 0; at < entries.length / ENTRY_BYTES; at++) {
    const entry = readEntry(entries, at);
    if (!isFrameEntry(entry) || !entry.hasRaw) continue;
    const seconds = Number.isNaN(entry.deltaT) ? (entry.arrivedMs - startMs) / 1000 : entry.deltaT;
    times[(entry.t * sizeC + entry.c) * sizeZ + entry.z] = seconds;
  }
  const array = join(image, TIMES_NAME);
  mkdirSync(join(array, 'c', '0', '0'), { recursive: true });
  writeFileSync(join(array, 'c', '0', '0', '0'), new Uint8Array(times.buffer));
  writeJsonAtomically(join(array, 'zarr.json'), timesArray([sizeT, sizeC, sizeZ], startedAt));
}

function readShape(arrayFile: string): [sizeT: number, sizeC: number, sizeZ: number] | undefined {
  try {
    const { shape, codecs } = JSON.parse(readFileSync(arrayFile, 'utf8')) as ArrayMetadata;
    const samples = codecs[0].configuration.chunk_shape[1];
    return [shape[0], shape[1] / samples, shape[2]];
  } catch {
    return undefined;
  }
}

interface ArrayMetadata {
  readonly shape: readonly [number, number, number, number, number];
  readonly codecs: readonly [{ readonly configuration: { readonly chunk_shape: readonly [number, number] } }];
}
