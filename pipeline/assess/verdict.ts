import type { PredictedQuality } from '../frame.ts';

/** What the traffic light looks at; absent = not known (yet). */
export type Evidence = Omit<PredictedQuality, 'verdict' | 'because'> & {
  /** Photo-electrons in bright pixels. */
  readonly photonsBright?: number;
  /** Share of the picture that holds still from frame to frame, 0..1. */
  readonly stillShare?: number;
};

/** Defaults that separate the truth (no flagged pixel, no power in the predicted band) from known failures. */
export interface Limits {
  readonly fewestPhotons: number;
  readonly fewestStill: number;
  /** Chi-squared from which a prediction is no better than the raw frame (2, less the scatter of a running value). */
  readonly chiSquared: number;
  readonly flagged: { readonly amber: number; readonly red: number };
  readonly predictedBandEnergy: { readonly amber: number; readonly red: number };
  readonly fluxRatio: { readonly amber: number; readonly red: number };
  /** A prediction this much (dB) below the best Gaussian is not worth its name. */
  readonly belowGaussian: number;
}

export const DEFAULT_LIMITS: Limits = {
  fewestPhotons: 3,
  fewestStill: 0.1,
  chiSquared: 1.95,
  flagged: { amber: 0.005, red: 0.03 },
  predictedBandEnergy: { amber: 0.02, red: 0.05 },
  fluxRatio: { amber: 0.05, red: 0.2 },
  belowGaussian: 0.1,
};

interface Finding {
  readonly verdict: 'amber' | 'red';
  readonly because: string;
}

/** Worst finding first; green only when everything was measured and nothing was found; grey when it cannot be known. */
export function verdictOf(
  evidence: Evidence,
  limits: Limits = DEFAULT_LIMITS,
): Pick<PredictedQuality, 'verdict' | 'because'> {
  const findings = findingsOf(evidence, limits);
  const worst = findings.find(({ verdict }) => verdict === 'red') ?? findings.at(0);
  if (worst?.verdict === 'red') return worst;
  const missing = uncertainty(evidence, limits);
  if (missing) return { verdict: 'uncertifiable', because: missing };
  return worst ?? { verdict: 'green' };
}

function uncertainty(evidence: Evidence, { fewestPhotons, fewestStill }: Limits): string | undefined {
  const { chiSquared, photonsBright, stillShare = 1 } = evidence;
  if (stillShare < fewestStill) return 'nearly everything moves from one frame to the next: no frame can check another';
  if (chiSquared === undefined) return 'too few raw frames seen yet to compare with';
  if (photonsBright === undefined)
    return 'the light is not measured yet: it takes 32 frames in which something is brighter than the rest';
  if (photonsBright < fewestPhotons) {
    return `only ${photonsBright.toFixed(1)} photons in bright pixels: too few to tell true detail from noise`;
  }
  return undefined;
}

function findingsOf(evidence: Evidence, limits: Limits): Finding[] {
  const { chiSquared, flagged, predictedBandEnergy, fluxRatio, uPsnr, uPsnrGaussian, domain } = evidence;
  const findings: Finding[] = [];
  const found = (verdict: Finding['verdict'], because: string): void => void findings.push({ verdict, because });
  const graded = (value: number | undefined, limit: { amber: number; red: number }, because: string): void => {
    if (value !== undefined && value > limit.amber) found(value > limit.red ? 'red' : 'amber', because);
  };

  if (chiSquared !== undefined && chiSquared >= limits.chiSquared) {
    found(
      'red',
      `fits the next raw frames no better than a raw frame does (chi-squared ${chiSquared.toFixed(2)}, truth 1)`,
    );
  }
  graded(flagged, limits.flagged, `${percent(flagged)} of the pixels disagree with their raw frame beyond noise`);
  graded(
    predictedBandEnergy,
    limits.predictedBandEnergy,
    `${percent(predictedBandEnergy)} of the contrast is finer than anything that was measured`,
  );
  graded(
    fluxRatio === undefined ? undefined : Math.abs(fluxRatio - 1),
    limits.fluxRatio,
    `brightness is ${percent(fluxRatio)} of what was measured`,
  );
  if (domain?.verdict === 'out') found('red', `outside what the model was trained on (${domain.because})`);
  if (domain?.verdict === 'near') found('amber', `at the edge of what the model was trained on (${domain.because})`);
  if (uPsnr !== undefined && uPsnrGaussian !== undefined && uPsnr < uPsnrGaussian - limits.belowGaussian) {
    found(
      'amber',
      `a plain Gaussian does better on these frames (${uPsnrGaussian.toFixed(1)} against ${uPsnr.toFixed(1)} dB)`,
    );
  }
  return findings;
}

function percent(share: number | undefined): string {
  return `${((share ?? 0) * 100).toPrecision(2)} %`;
}
