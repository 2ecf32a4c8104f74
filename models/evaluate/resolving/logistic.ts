import { Random } from '../../../pipeline/source/simulator/random.ts';

/** One trial: was it resolved at this separation? */
export interface Trial {
  readonly separation: number;
  readonly resolved: boolean;
}

export interface Threshold {
  /** Separation at which the share of resolved trials is `share`; absent when the tested range does not reach it. */
  readonly value?: number;
  /** 95 % interval by resampling trials; Infinity where a resample stays unresolved. */
  readonly low?: number;
  readonly high?: number;
}

const RESAMPLES = 200;
const SEED = 21;
/** Keeps the slope finite when all trials below a separation fail and all above succeed. */
const RIDGE = 0.05;
const ITERATIONS = 25;

/** Fits P(resolved) = 1 / (1 + exp(-(a + b separation))) and reads it at `share`, 0..1. */
export function thresholdOf(trials: readonly Trial[], share: number): Threshold {
  const value = crossing(trials, share);
  if (value === undefined) return {};
  const random = new Random(SEED);
  const resampled = Array.from({ length: RESAMPLES }, () => {
    const drawn = trials.map(() => trials[Math.floor(random.uniform() * trials.length)]);
    return crossing(drawn, share) ?? Infinity;
  }).sort((a, b) => a - b);
  const at = (p: number): number => resampled[Math.round(p * (RESAMPLES - 1))];
  return { value, low: at(0.025), high: at(0.975) };
}

function crossing(trials: readonly Trial[], share: number): number | undefined {
  const separations = trials.map(({ separation }) => separation);
  const middle = separations.reduce((sum, d) => sum + d, 0) / separations.length;
  const scale = Math.sqrt(separations.reduce((sum, d) => sum + (d - middle) ** 2, 0) / separations.length) || 1;
  const { intercept, slope } = logisticFit(
    separations.map((d) => (d - middle) / scale),
    trials.map(({ resolved }) => (resolved ? 1 : 0)),
  );
  if (!(slope > 0)) return undefined;
  const at = middle + (scale * (Math.log(share / (1 - share)) - intercept)) / slope;
  return at <= Math.max(...separations) && at > 0 ? at : undefined;
}

/** Newton's method on the penalised likelihood. */
function logisticFit(x: readonly number[], y: readonly number[]): { intercept: number; slope: number } {
  let intercept = 0;
  let slope = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let [g0, g1, h00, h01, h11] = [-RIDGE * intercept, -RIDGE * slope, RIDGE, 0, RIDGE];
    for (let i = 0; i < x.length; i++) {
      const p = 1 / (1 + Math.exp(-(intercept + slope * x[i])));
      const weight = p * (1 - p);
      g0 += y[i] - p;
      g1 += (y[i] - p) * x[i];
      h00 += weight;
      h01 += weight * x[i];
      h11 += weight * x[i] * x[i];
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept += (h11 * g0 - h01 * g1) / determinant;
    slope += (h00 * g1 - h01 * g0) / determinant;
  }
  return { intercept, slope };
}
