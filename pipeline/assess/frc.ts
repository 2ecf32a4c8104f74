import type { Fourier2d } from './fourier.ts';
import { forEachFrequency, windowedPair } from './fourier.ts';
import type { Grey } from './grey.ts';

/** Sums over rings of spatial frequency, one pixel of the spectrum wide; index r is r / size cycles per pixel. */
export interface RingSums {
  readonly cross: Float64Array;
  readonly powerA: Float64Array;
  readonly powerB: Float64Array;
}

/** The fixed threshold that is usual in light microscopy. */
const THRESHOLD = 1 / 7;

/** Ring sums of two pictures' central parts, mean taken off, under a Hann window (a Hamming window leaks). */
export function ringSums(a: Grey, b: Grey, fourier: Fourier2d): RingSums {
  const { size } = fourier;
  const samples = windowedPair(a, b, size);
  fourier.forward(samples);
  const rings = size / 2 + 1;
  const cross = new Float64Array(rings);
  const powerA = new Float64Array(rings);
  const powerB = new Float64Array(rings);
  forEachFrequency(samples, size, (kx, ky, aRe, aIm, bRe, bIm) => {
    const ring = Math.round(Math.sqrt(kx * kx + ky * ky));
    if (ring >= rings) return;
    cross[ring] += aRe * bRe + aIm * bIm;
    powerA[ring] += aRe * aRe + aIm * aIm;
    powerB[ring] += bRe * bRe + bIm * bIm;
  });
  return { cross, powerA, powerB };
}

/** Fourier ring correlation, -1..1 per ring. */
export function frcCurve(sums: RingSums): Float64Array {
  return sums.cross.map((cross, r) => {
    const power = Math.sqrt(sums.powerA[r] * sums.powerB[r]);
    return power > 0 ? cross / power : 0;
  });
}

/**
 * Resolution in pixels: the period where the curve, averaged over three rings, first falls below 1/7. 2 (the sampling
 * limit) when it never does; undefined when it starts below: there is nothing that repeats. Means something for two raw
 * frames with independent noise and nothing else: any filter makes it better, and a fixed pattern in the camera too.
 */
export function frcResolutionPx(curve: Float64Array): number | undefined {
  const last = curve.length - 1;
  const smooth = (r: number): number => (curve[r - 1] + curve[r] + curve[r + 1]) / 3;
  if (last < 4 || smooth(2) < THRESHOLD) return undefined;
  for (let r = 3; r < last; r++) {
    const here = smooth(r);
    if (here >= THRESHOLD) continue;
    const before = smooth(r - 1);
    const crossing = r - 1 + (before - THRESHOLD) / (before - here);
    return (2 * last) / crossing;
  }
  return 2;
}
