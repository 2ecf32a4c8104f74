import { varianceAt, type VarianceModel } from './photonTransfer.ts';

/** What a photon-transfer fit says of the detector and of the light. */
export interface Photons {
  /** Raw units per photo-electron, with the detector's excess noise (g F^2). */
  readonly gain: number;
  /** Noise at the dark level, photo-electrons: read noise, and the photon noise of whatever background is there. */
  readonly readNoise: number;
  /** Photo-electrons per pixel at the bright level (99th percentile of the mean frame) and on average. */
  readonly photonsBright: number;
  readonly photonsMean: number;
}

/** `dark`, `bright` and `mean` are intensities in raw units. */
export function photons(fit: VarianceModel, levels: { dark: number; bright: number; mean: number }): Photons {
  const photonsAt = (level: number): number => Math.max(0, level - levels.dark) / fit.slope;
  return {
    gain: fit.slope,
    readNoise: Math.sqrt(varianceAt(fit, levels.dark)) / fit.slope,
    photonsBright: photonsAt(levels.bright),
    photonsMean: photonsAt(levels.mean),
  };
}
