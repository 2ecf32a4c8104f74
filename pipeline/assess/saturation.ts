import type { PixelArray } from '../frame.ts';

/**
 * Share of samples (0..1) at the top of the detector's range, 2^significantBits - 1, and at or below zero. Floating-point
 * samples have no top.
 */
export function saturation(samples: PixelArray, significantBits: number): { saturated: number; atZero: number } {
  const top = samples instanceof Float32Array ? Infinity : 2 ** significantBits - 1;
  let saturated = 0;
  let atZero = 0;
  for (let i = 0; i < samples.length; i++) {
    if (samples[i] >= top) saturated += 1;
    else if (samples[i] <= 0) atZero += 1;
  }
  return { saturated: saturated / samples.length, atZero: atZero / samples.length };
}
