/**
 * Squared difference of a prediction from the next raw frame over the noise variance of a frame, as a ratio of sums: 1 for
 * the truth itself, 2 for a raw frame (its noise and the next one's), more for a prediction that is worse than raw.
 * Undefined without noise.
 */
export function crossFrameChiSquared(errorAgainstNext: number, noiseVariance: number): number | undefined {
  return noiseVariance > 0 ? errorAgainstNext / noiseVariance : undefined;
}
