import type { Random } from './random.ts';

const WAVES = 6;

/**
 * A random walk that is pulled back to zero (Ornstein-Uhlenbeck process: variance `sigma^2`, correlation exp(-|t| / tau)),
 * written as a sum of waves whose frequencies are drawn from its spectrum, a Cauchy distribution of width 1 / tau. So it can
 * be asked for any time, in any order, and nothing accumulates.
 */
export interface Wander {
  readonly amplitude: number;
  /** rad/s */
  readonly frequencies: Float64Array;
  readonly phases: Float64Array;
}

/** `sigma` in any unit, `tau` in second. Frequencies are cut at 20 / tau. */
export function createWander(random: Random, sigma: number, tau: number): Wander {
  return {
    amplitude: sigma * Math.sqrt(2 / WAVES),
    frequencies: Float64Array.from({ length: WAVES }, () => {
      const cauchy = Math.tan(Math.PI * (random.uniform() - 0.5));
      return Math.max(-20, Math.min(20, cauchy)) / tau;
    }),
    phases: Float64Array.from({ length: WAVES }, () => random.between(0, 2 * Math.PI)),
  };
}

export function wanderAt(wander: Wander, time: number): number {
  let sum = 0;
  for (let k = 0; k < WAVES; k++) sum += Math.cos(wander.frequencies[k]! * time + wander.phases[k]!);
  return wander.amplitude * sum;
}
