import { boxMean } from './boxMean.ts';
import type { Grey } from './grey.ts';
import { percentiles } from './percentile.ts';
import type { StillPixels } from './stillness.ts';

/** Noise variance of a pixel of mean intensity m (raw units): slope * m + intercept. */
export interface VarianceModel {
  readonly slope: number;
  readonly intercept: number;
}

/** Frames of one fit: fewer overestimate the slope at few photons (8 frames: by a fifth at 2 photons; 32: by 5 %). */
export const PHOTON_TRANSFER_FRAMES = 32;
const BINS = 48;
const FEWEST_PIXELS = 30;

/**
 * Photon-transfer fit over a block of frames. Per pixel v = mean square of the noise samples of consecutive frames
 * (`frameNoise`). Pixels are binned by the 3x3 mean of the even frames; a bin's abscissa is its mean in the odd frames,
 * whose noise is independent of the binning, weighted down the columns as the noise samples are; a line is fitted to v with
 * weights n / v^2. Pixels that moved in more than half of the frames are left out; the others lose the frames in which they
 * moved.
 */
export class PhotonTransfer {
  readonly #sizeX: number;
  readonly #sizeY: number;
  readonly #even: Float32Array;
  readonly #odd: Float32Array;
  readonly #squares: Float32Array;
  readonly #stillFrames: Uint8Array;
  #frames = 0;

  constructor(sizeX: number, sizeY: number) {
    this.#sizeX = sizeX;
    this.#sizeY = sizeY;
    this.#even = new Float32Array(sizeX * sizeY);
    this.#odd = new Float32Array(sizeX * sizeY);
    this.#squares = new Float32Array(sizeX * sizeY);
    this.#stillFrames = new Uint8Array(sizeX * sizeY);
  }

  get frames(): number {
    return this.#frames;
  }

  /** `noise` of this frame and the one before it, and where they held still; absent for the first. */
  add(frame: Grey, noise?: Grey, still?: StillPixels): void {
    const sums = this.#frames % 2 === 0 ? this.#even : this.#odd;
    const now = frame.data;
    for (let i = 0; i < sums.length; i++) sums[i] += now[i];
    this.#frames += 1;
    if (!noise) return;
    const samples = noise.data;
    const squares = this.#squares;
    const stillFrames = this.#stillFrames;
    for (let i = 0; i < squares.length; i++) {
      if (still?.mask[i] === 0) continue;
      squares[i] += samples[i] * samples[i];
      stillFrames[i] += 1;
    }
  }

  /** Mean of all frames so far. */
  mean(): Grey {
    const even = this.#even;
    const odd = this.#odd;
    const data = new Float32Array(even.length);
    for (let i = 0; i < data.length; i++) data[i] = (even[i] + odd[i]) / this.#frames;
    return { sizeX: this.#sizeX, sizeY: this.#sizeY, data };
  }

  /** Undefined without an increase of variance with brightness (a flat scene, too few frames). */
  fit(): VarianceModel | undefined {
    if (this.#frames < 4) return undefined;
    const oddFrames = Math.floor(this.#frames / 2);
    const levels = boxMean({ sizeX: this.#sizeX, sizeY: this.#sizeY, data: this.#even }, 3).data;
    const [low, high] = percentiles(levels, [0.1, 99.9]);
    const width = (high - low) / BINS;
    if (!(width > 0)) return undefined;

    const counts = new Float64Array(BINS);
    const means = new Float64Array(BINS);
    const variances = new Float64Array(BINS);
    const odd = this.#odd;
    const sizeX = this.#sizeX;
    for (let i = sizeX; i < levels.length - sizeX; i++) {
      if (2 * this.#stillFrames[i] < this.#frames) continue;
      const bin = Math.min(Math.max(Math.floor((levels[i] - low) / width), 0), BINS - 1);
      counts[bin] += 1;
      means[bin] += (odd[i - sizeX] + 4 * odd[i] + odd[i + sizeX]) / (6 * oddFrames);
      variances[bin] += this.#squares[i] / this.#stillFrames[i];
    }
    return weightedLine(counts, means, variances);
  }
}

/** From each bin's number of pixels, sum of means and sum of variances. */
function weightedLine(counts: Float64Array, sums: Float64Array, squares: Float64Array): VarianceModel | undefined {
  let [weights, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (let bin = 0; bin < BINS; bin++) {
    if (counts[bin] < FEWEST_PIXELS || !(squares[bin] > 0)) continue;
    const mean = sums[bin] / counts[bin];
    const variance = squares[bin] / counts[bin];
    const weight = counts[bin] / (variance * variance);
    weights += weight;
    x += weight * mean;
    y += weight * variance;
    xx += weight * mean * mean;
    xy += weight * mean * variance;
  }
  const determinant = weights * xx - x * x;
  const slope = (weights * xy - x * y) / determinant;
  if (!(determinant > 0) || !(slope > 0)) return undefined;
  return { slope, intercept: (y - slope * x) / weights };
}

/** Variance (raw units squared) at intensity `level`; never below that of a twentieth of a photon. */
export function varianceAt(model: VarianceModel, level: number): number {
  return Math.max(model.slope * level + model.intercept, model.slope * model.slope * 0.05);
}
