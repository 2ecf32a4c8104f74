import type { Grey } from './grey.ts';

/** Mean squared difference of two pictures of one size, raw units squared. */
export function meanSquaredDifference(a: Grey, b: Grey): number {
  const left = a.data;
  const right = b.data;
  let sum = 0;
  for (let i = 0; i < left.length; i++) {
    const difference = left[i] - right[i];
    sum += difference * difference;
  }
  return sum / left.length;
}

/** Noise variance from two frames of a still scene: half their mean squared difference. Motion adds to it. */
export function temporalVariance(before: Grey, now: Grey): number {
  return meanSquaredDifference(before, now) / 2;
}
