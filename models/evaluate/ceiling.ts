import type { Grey } from '../../pipeline/assess/grey.ts';
import { noiseSigma } from '../../pipeline/assess/noise.ts';
import { extremes } from './psnr.ts';

/**
 * The highest PSNR (dB, convention `range`) that a perfect prediction can score against this truth: a truth that was measured
 * has noise of its own, which no prediction can know. Its size is estimated from the truth itself (Immerkaer), to which fine
 * structure adds: the real ceiling may be higher.
 */
export function ceilingPsnr(truth: Grey): number {
  return 20 * Math.log10(extremes(truth.data).range / noiseSigma(truth));
}
