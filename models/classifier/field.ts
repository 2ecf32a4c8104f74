import type { Plane } from '../../pipeline/frame.ts';

/**
 * A glance at a raw frame that costs a fraction of a millisecond: is there anything but noise in it, and is it still the
 * field that was looked at? Cells are shown on from an earlier frame only while it is.
 */

export interface FieldGlance {
  readonly columns: number;
  readonly rows: number;
  /** Mean of the samples of each block, raw units. */
  readonly means: Float32Array;
  /** How far the block that differs most is from the median block, in standard errors of its mean. */
  readonly strongest: number;
}

/** Blocks along the longer side. */
const BLOCKS = 24;
/** Samples looked at, at most; of larger frames, every n-th along x and y. */
const MOST_SAMPLES = 65_536;
/** Of colour frames, the green samples. */
const GREEN = 1;

export function glanceAt({ sizeX, sizeY, samplesPerPixel, data }: Plane): FieldGlance {
  const block = Math.max(Math.ceil(Math.max(sizeX, sizeY) / BLOCKS), 1);
  const columns = Math.ceil(sizeX / block);
  const rows = Math.ceil(sizeY / block);
  const step = Math.max(Math.ceil(Math.sqrt((sizeX * sizeY) / MOST_SAMPLES)), 1);
  const sums = new Float64Array(columns * rows);
  const counts = new Uint32Array(columns * rows);
  const first = samplesPerPixel === 3 ? GREEN : 0;
  let differences = 0;
  let pairs = 0;
  for (let y = 0; y < sizeY; y += step) {
    const row = y * sizeX;
    const blockRow = Math.floor(y / block) * columns;
    for (let x = 0; x < sizeX; x += step) {
      const value = data[(row + x) * samplesPerPixel + first];
      const place = blockRow + Math.floor(x / block);
      sums[place] += value;
      counts[place] += 1;
      if (x + 1 >= sizeX) continue;
      differences += (data[(row + x + 1) * samplesPerPixel + first] - value) ** 2;
      pairs += 1;
    }
  }
  const means = Float32Array.from(sums, (sum, i) => sum / Math.max(counts[i], 1));
  // Neighbours differ by noise, and by structure where there is some: then the noise is rather taken for too large.
  const sigma = Math.sqrt(differences / Math.max(2 * pairs, 1));
  return { columns, rows, means, strongest: strongestOf(means, counts, sigma) };
}

function strongestOf(means: Float32Array, counts: Uint32Array, sigma: number): number {
  const median = means.slice().sort()[means.length >> 1];
  let strongest = 0;
  means.forEach((mean, i) => {
    const standardError = sigma / Math.sqrt(Math.max(counts[i], 1));
    const away = Math.abs(mean - median) / Math.max(standardError, Number.MIN_VALUE);
    if (mean !== median) strongest = Math.max(strongest, away);
  });
  return strongest;
}

/** Among some hundred blocks of noise alone the strongest reaches 4, with noise that hangs together along lines 7. */
const ABOVE_NOISE = 10;

/** False when the frame is noise and nothing else, so that there is nothing to look at. */
export function hasStructure({ strongest }: FieldGlance): boolean {
  return strongest > ABOVE_NOISE;
}

/** Correlation of the blocks of two glances from which on they show the same field. */
const SAME_FIELD = 0.7;

export function isSameField(a: FieldGlance, b: FieldGlance): boolean {
  return a.means.length === b.means.length && correlation(a.means, b.means) >= SAME_FIELD;
}

function correlation(a: Float32Array, b: Float32Array): number {
  const meanA = a.reduce((sum, value) => sum + value, 0) / a.length;
  const meanB = b.reduce((sum, value) => sum + value, 0) / b.length;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return ab / Math.max(Math.sqrt(aa * bb), Number.MIN_VALUE);
}
