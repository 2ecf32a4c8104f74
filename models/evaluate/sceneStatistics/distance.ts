import { FEATURES } from './features.ts';
import { inverseForm, type Matrix } from './symmetric.ts';

/**
 * How far the statistics of a picture lie from those of long averages, in the manner of NIQE (Mittal et al., IEEE Signal
 * Process. Lett. 20, 2013), which it is not: NIQE's model is fitted to photographs, this one to the truths under evaluation.
 */

/** Blocks of other fields below which the model of the long averages has too few to stand on. */
export const LEAST_BLOCKS = 2 * FEATURES;

interface BlockStatistics {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/** Mean and covariance (n - 1) over blocks, at least two. */
export function statisticsOf(blocks: readonly (readonly number[])[]): BlockStatistics {
  const size = blocks[0].length;
  const mean = new Float64Array(size);
  for (const block of blocks) for (let i = 0; i < size; i++) mean[i] += block[i] / blocks.length;
  const covariance = Array.from({ length: size }, () => new Float64Array(size));
  for (const block of blocks) {
    for (let i = 0; i < size; i++) {
      const deviation = (block[i] - mean[i]) / (blocks.length - 1);
      for (let j = 0; j < size; j++) covariance[i][j] += deviation * (block[j] - mean[j]);
    }
  }
  return { mean, covariance };
}

/** sqrt(d' ((A + B) / 2)^-1 d) with d between the means; no unit. */
export function distanceBetween(a: BlockStatistics, b: BlockStatistics): number {
  const difference = a.mean.map((value, i) => value - b.mean[i]);
  const covariance = a.covariance.map((row, i) => row.map((value, j) => (value + b.covariance[i][j]) / 2));
  return Math.sqrt(Math.max(inverseForm(covariance, difference), 0));
}

/** The long averages of a set, by field of view. */
export class LongAverages {
  readonly #blocks: { readonly field: string; readonly features: readonly number[] }[] = [];
  readonly #withoutField = new Map<string, BlockStatistics | undefined>();

  /** All of a set before the first distance. */
  add(field: string, blocks: readonly (readonly number[])[]): void {
    for (const features of blocks) this.#blocks.push({ field, features });
  }

  /**
   * Of a picture's blocks from the long averages of all *other* fields: no truth is compared with itself. Undefined where
   * the picture has fewer than two blocks, or the other fields have fewer than LEAST_BLOCKS.
   */
  distance(field: string, blocks: readonly (readonly number[])[]): number | undefined {
    const others = this.#statisticsWithout(field);
    return others && blocks.length >= 2 ? distanceBetween(others, statisticsOf(blocks)) : undefined;
  }

  #statisticsWithout(field: string): BlockStatistics | undefined {
    if (!this.#withoutField.has(field)) {
      const others = this.#blocks.filter((block) => block.field !== field).map(({ features }) => features);
      this.#withoutField.set(field, others.length >= LEAST_BLOCKS ? statisticsOf(others) : undefined);
    }
    return this.#withoutField.get(field);
  }
}
