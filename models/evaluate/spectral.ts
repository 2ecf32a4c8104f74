import { Fourier2d, powerOfTwo } from '../../pipeline/assess/fourier.ts';
import { ringSums } from '../../pipeline/assess/frc.ts';
import type { Grey } from '../../pipeline/assess/grey.ts';

/** Fourier ring correlation of a prediction with the truth, -1..1, by bands of spatial frequency. */
export interface SpectralScores {
  /** Up to half the band that the raw samples carry. */
  readonly coarse: number;
  /** From there to the limit of the raw samples, 1 / (2 magnification) cycles per output pixel. */
  readonly fine: number;
  /** Beyond that limit: what only a model can put there, and whether it is true. Absent when there is no such band. */
  readonly beyond?: number;
  /** Frequency where the correlation (mean of three rings) first falls below 1/2, cycles per output pixel. */
  readonly halfCorrelation: number;
}

/** Against the truth this is no measure of repeatability: a false texture lowers it. Central power-of-two square. */
export function spectralScores(prediction: Grey, truth: Grey, magnification: number): SpectralScores {
  const fourier = new Fourier2d(powerOfTwo(Math.min(truth.sizeX, truth.sizeY)));
  const { size } = fourier;
  const { cross, powerA, powerB } = ringSums(prediction, truth, fourier);
  const limit = Math.round(size / (2 * magnification));
  const correlation = (from: number, to: number): number => {
    let [sum, a, b] = [0, 0, 0];
    for (let r = from; r < to; r++) {
      sum += cross[r];
      a += powerA[r];
      b += powerB[r];
    }
    return a > 0 && b > 0 ? sum / Math.sqrt(a * b) : 0;
  };
  const last = size / 2;
  let half = 2;
  while (half < last && correlation(half - 1, half + 2) >= 0.5) half += 1;
  return {
    coarse: correlation(1, limit >> 1),
    fine: correlation(limit >> 1, limit),
    beyond: limit < last ? correlation(limit, last) : undefined,
    halfCorrelation: half / size,
  };
}
