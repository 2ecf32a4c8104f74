import { shiftBetween, type Shift } from '../../pipeline/assess/drift.ts';
import { Fourier2d, powerOfTwo } from '../../pipeline/assess/fourier.ts';
import type { Grey } from '../../pipeline/assess/grey.ts';
import { CONVENTION_IDS, CONVENTIONS } from './conventions.ts';
import { fluxLinearity } from './fluxLinearity.ts';
import { spectralScores } from './spectral.ts';

/** Every number that is reported, by name: `psnr/range`, `ssim/basicsr-u8`, `frc/fine` ... */
export type Scores = Readonly<Record<string, number>>;

/** What a number means; the order is that of the report. */
export const SCORE_MEANINGS: Readonly<Record<string, string>> = {
  'psnr/si-psnr': 'dB after the best scale and offset; the headline where truth and raw have different units',
  'psnr/range': 'dB, nothing fitted; its gap to si-psnr is the error of brightness',
  'ssim/range': 'structural similarity, nothing fitted',
  'psnr/basicsr-u8': 'dB, 8 bit, 4 pixels cropped (BasicSR, Real-ESRGAN)',
  'ssim/basicsr-u8': 'structural similarity, 8 bit, 4 pixels cropped',
  'psnr/biosr': 'dB, each picture stretched to 0..1 (DL-SR)',
  'ssim/biosr': 'structural similarity, range 2 as in that code (DL-SR)',
  'psnr/care-pssr': 'dB, CARE normalisation 0.1 / 99.9 % (PSSR)',
  'ssim/care-pssr': 'structural similarity, CARE normalisation 0.1 / 99.9 %',
  'psnr/care-3-998': 'dB, CARE normalisation 3 / 99.8 % (CSBDeep)',
  'ssim/care-3-998': 'structural similarity, CARE normalisation 3 / 99.8 %',
  'frc/coarse': 'Fourier ring correlation with the truth, lower half of the measured band',
  'frc/fine': 'the same, upper half of the measured band',
  'frc/beyond': 'the same, beyond the measured band: is what the model adds true?',
  'frc/half': 'frequency where it falls below 1/2, cycles per output pixel',
  'nss-distance':
    'distance of the picture’s local statistics from those of the other fields’ truths (96x96 blocks, after NIQE, which it ' +
    'is not); lower is more like a long average; it knows no truth, and invented detail can lower it',
  'flux/slope': 'light out over light in, by regression over 16x16 squares',
  'flux/intercept': 'its intercept, share of the truth’s mean',
  'shift/x': 'output pixels between prediction and truth',
  'shift/y': 'the same, along y',
};

export function scoresOf(prediction: Grey, truth: Grey, magnification: number): Scores {
  const scores: Record<string, number> = {};
  for (const id of CONVENTION_IDS) {
    const { psnr, ssim } = CONVENTIONS[id](prediction, truth) as { psnr: number; ssim?: number };
    scores[`psnr/${id}`] = psnr;
    if (ssim !== undefined) scores[`ssim/${id}`] = ssim;
  }
  const { coarse, fine, beyond, halfCorrelation } = spectralScores(prediction, truth, magnification);
  scores['frc/coarse'] = coarse;
  scores['frc/fine'] = fine;
  if (beyond !== undefined) scores['frc/beyond'] = beyond;
  scores['frc/half'] = halfCorrelation;
  const { slope, intercept } = fluxLinearity(prediction, truth);
  scores['flux/slope'] = slope;
  scores['flux/intercept'] = intercept / meanOf(truth.data);
  const shift = shiftTo(truth, prediction);
  scores['shift/x'] = shift.x;
  scores['shift/y'] = shift.y;
  return scores;
}

/** Where `picture` lies against `truth`, output pixels. */
export function shiftTo(truth: Grey, picture: Grey): Shift {
  return shiftBetween(truth, picture, new Fourier2d(powerOfTwo(Math.min(truth.sizeX, truth.sizeY))));
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
