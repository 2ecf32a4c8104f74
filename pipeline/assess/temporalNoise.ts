import type { Grey } from './grey.ts';

/** Mean squared difference of two pictures of one size, raw units squared. */
export function meanSquaredDifference(a: Grey, b: Grey): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    const difference = a.data[i] - b.data[i];
    sum += difference * difference;
  }
  return sum / a.data.length;
}

/** Noise variance from two frames of a still scene: half their mean squared difference. Motion adds to it. */
export function temporalVariance(before: Grey, now: Grey): number {
  return meanSquaredDifference(before, now) / 2;
}
