/**
 * PSNR without ground truth (Marcos-Morales et al., ICML 2023): a later raw frame has the same truth and independent noise,
 * so the mean squared error against it, less the noise variance, is without bias the error against the truth.
 *
 * Floor of the error: 2 variance / sqrt(pixels), below which the estimate is its own noise.
 */
export function unbiasedError(errorAgainstNext: number, noiseVariance: number, pixels: number): number {
  return Math.max(errorAgainstNext - noiseVariance, (2 * noiseVariance) / Math.sqrt(pixels));
}

/** dB. `range`: raw units between the darkest and the brightest part of the scene (p99.9 - p0.1 of a mean frame). */
export function uPsnr(range: number, errorAgainstNext: number, noiseVariance: number, pixels: number): number {
  return 10 * Math.log10(range ** 2 / unbiasedError(errorAgainstNext, noiseVariance, pixels));
}
