import type { Fourier2d } from './fourier.ts';
import { forEachFrequency, windowedPair } from './fourier.ts';
import type { Grey } from './grey.ts';

export interface Shift {
  /** Raw pixels; positive when `now` lies to the right of and below `reference`. */
  readonly x: number;
  readonly y: number;
  /** Highest peak over the next one: above about 1.3 the shift can be believed. */
  readonly confidence: number;
}

/** Low-pass of the phase correlation, cycles per pixel: above it a noisy frame has no phase worth hearing. */
const BAND_SIGMA = 0.1;
/** The peak is then a Gaussian of 1.6 pixels; another peak is one outside this many pixels. */
const PEAK_RADIUS = 6;

/**
 * Shift between two pictures by phase correlation of their central parts under a Hann window; the peak is refined by
 * a parabola through the logarithms of three samples, which is exact for a Gaussian peak.
 */
export function shiftBetween(reference: Grey, now: Grey, fourier: Fourier2d): Shift {
  const { size } = fourier;
  const samples = windowedPair(reference, now, size);
  fourier.forward(samples);
  const correlation = new Float64Array(samples.length);
  const scale = -0.5 / (BAND_SIGMA * size) ** 2;
  forEachFrequency(samples, size, (kx, ky, aRe, aIm, bRe, bIm, at) => {
    const re = aRe * bRe + aIm * bIm;
    const im = aRe * bIm - aIm * bRe;
    const weight = Math.exp(scale * (kx * kx + ky * ky)) / (Math.hypot(re, im) + Number.MIN_VALUE);
    correlation[at] = re * weight;
    correlation[at + 1] = im * weight;
  });
  fourier.inverse(correlation);

  const at = (x: number, y: number): number => correlation[2 * (modulo(y, size) * size + modulo(x, size))];
  let best = 0;
  for (let i = 0; i < size * size; i++) if (correlation[2 * i] > correlation[2 * best]) best = i;
  const peakX = best % size;
  const peakY = Math.floor(best / size);
  let second = Number.MIN_VALUE;
  for (let y = 0; y < size; y++) {
    const farY = Math.abs(signed(y - peakY, size)) > PEAK_RADIUS;
    for (let x = 0; x < size; x++) {
      if (farY || Math.abs(signed(x - peakX, size)) > PEAK_RADIUS) second = Math.max(second, at(x, y));
    }
  }
  return {
    x: signed(peakX, size) + vertex(at(peakX - 1, peakY), at(peakX, peakY), at(peakX + 1, peakY)),
    y: signed(peakY, size) + vertex(at(peakX, peakY - 1), at(peakX, peakY), at(peakX, peakY + 1)),
    confidence: at(peakX, peakY) / second,
  };
}

function modulo(value: number, size: number): number {
  return ((value % size) + size) % size;
}

/** The same place on a ring of `size`, between -size/2 and size/2. */
function signed(value: number, size: number): number {
  const positive = modulo(value, size);
  return positive < size / 2 ? positive : positive - size;
}

/** Offset (-0.5..0.5) of a peak from the middle one of three samples; 0 when they are not those of a peak. */
function vertex(left: number, middle: number, right: number): number {
  if (!(left > 0 && right > 0 && middle > 0)) return 0;
  const l = Math.log(left);
  const m = Math.log(middle);
  const r = Math.log(right);
  const curvature = l - 2 * m + r;
  return curvature < 0 ? Math.min(0.5, Math.max(-0.5, (l - r) / (2 * curvature))) : 0;
}
