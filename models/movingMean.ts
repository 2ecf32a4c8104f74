/** Weight of the newest value. */
const NEWEST_WEIGHT = 0.2;

/** Exponentially weighted mean. */
export function movingMean(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + NEWEST_WEIGHT * (value - mean);
}
