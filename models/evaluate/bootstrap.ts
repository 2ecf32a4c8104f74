import { Random } from '../../pipeline/source/simulator/random.ts';

export interface Interval {
  readonly mean: number;
  /** 95 % percentile interval of the mean over fields. */
  readonly low: number;
  readonly high: number;
  readonly fields: number;
}

const RESAMPLES = 2000;
const SEED = 20;

/**
 * Mean over fields of view with its bootstrap interval. Values of one field are averaged first: frames of the same field are
 * not independent, and resampling them would make the interval too small. With one field there is no interval to give.
 */
export function bootstrapMean(values: readonly { readonly field: string; readonly value: number }[]): Interval {
  const fields = new Map<string, number[]>();
  for (const { field, value } of values) fields.set(field, [...(fields.get(field) ?? []), value]);
  const means = [...fields.values()].map(meanOf);
  const mean = meanOf(means);
  if (means.length < 2) return { mean, low: NaN, high: NaN, fields: means.length };

  const random = new Random(SEED);
  const resampled = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < means.length; i++) sum += means[Math.floor(random.uniform() * means.length)];
    return sum / means.length;
  }).sort();
  return { mean, ...percentileInterval(resampled), fields: means.length };
}

/** The middle 95 % of draws that are sorted; NaN where there are none. */
export function percentileInterval(sorted: ArrayLike<number>): { readonly low: number; readonly high: number } {
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return { low: at(0.025), high: at(0.975) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
