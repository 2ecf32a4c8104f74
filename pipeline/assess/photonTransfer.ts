import { boxMean } from './boxMean.ts';
import type { Grey } from './grey.ts';
import { percentiles } from './percentile.ts';

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
 * Photon-transfer fit over a block of frames of a still scene. Per pixel v = mean of half the squared differences of
 * consecutive frames. Pixels are binned by the 3x3 mean of the even frames; a bin's abscissa is its mean in the odd
 * frames, whose noise is independent of the binning; a line is fitted to v with weights n / v^2.
 */
export class PhotonTransfer {
  readonly #sizeX: number;
  readonly #sizeY: number;
  readonly #even: Float32Array;
  readonly #odd: Float32Array;
  readonly #squares: Float32Array;
  #before: Grey | undefined;
  #frames = 0;

  constructor(sizeX: number, sizeY: number) {
    this.#sizeX = sizeX;
    this.#sizeY = sizeY;
    this.#even = new Float32Array(sizeX * sizeY);
    this.#odd = new Float32Array(sizeX * sizeY);
    this.#squares = new Float32Array(sizeX * sizeY);
  }

  get frames(): number {
    return this.#frames;
  }

  add(frame: Grey): void {
    const sums = this.#frames % 2 === 0 ? this.#even : this.#odd;
    const now = frame.data;
    for (let i = 0; i < sums.length; i++) sums[i] += now[i];
    if (this.#before) {
      const before = this.#before.data;
      const squares = this.#squares;
      for (let i = 0; i < squares.length; i++) {
        const difference = now[i] - before[i];
        squares[i] += difference * difference;
      }
    }
    this.#before = frame;
    this.#frames += 1;
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
    const evenFrames = Math.ceil(this.#frames / 2);
    const oddFrames = this.#frames - evenFrames;
    const levels = boxMean({ sizeX: this.#sizeX, sizeY: this.#sizeY, data: this.#even }, 3).data;
    const [low, high] = percentiles(levels, [0.1, 99.9]);
    const width = (high - low) / BINS;
    if (!(width > 0)) return undefined;

    const counts = new Float64Array(BINS);
    const means = new Float64Array(BINS);
    const variances = new Float64Array(BINS);
    for (let i = 0; i < levels.length; i++) {
      const bin = Math.min(Math.max(Math.floor((levels[i] - low) / width), 0), BINS - 1);
      counts[bin] += 1;
      means[bin] += this.#odd[i] / oddFrames;
      variances[bin] += this.#squares[i] / (2 * (this.#frames - 1));
    }
    return this.#line(counts, means, variances, evenFrames);
  }

  #line(
    counts: Float64Array,
    sums: Float64Array,
    squares: Float64Array,
    evenFrames: number,
  ): VarianceModel | undefined {
    let weights = 0;
    let x = 0;
    let y = 0;
    let xx = 0;
    let xy = 0;
    for (let bin = 0; bin < BINS; bin++) {
      if (counts[bin] < FEWEST_PIXELS || !(squares[bin] > 0) || evenFrames === 0) continue;
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
}

/** Variance (raw units squared) at intensity `level`; never below that of a twentieth of a photon. */
export function varianceAt(model: VarianceModel, level: number): number {
  return Math.max(model.slope * level + model.intercept, model.slope * model.slope * 0.05);
}
