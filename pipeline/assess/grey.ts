import type { PixelArray, Plane } from '../frame.ts';

/** A picture of one sample per pixel, row-major, in raw units: what every measure here works on. */
export interface Grey {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly data: Float32Array;
}

/** A rectangle in raw pixels. */
export interface Window {
  readonly x: number;
  readonly y: number;
  readonly sizeX: number;
  readonly sizeY: number;
}

/** The central part of a picture, at most `limit` pixels along each side. */
export function centralWindow(size: { readonly sizeX: number; readonly sizeY: number }, limit: number): Window {
  const sizeX = Math.min(size.sizeX, limit);
  const sizeY = Math.min(size.sizeY, limit);
  return { x: (size.sizeX - sizeX) >> 1, y: (size.sizeY - sizeY) >> 1, sizeX, sizeY };
}

/** Of colour pictures the measures look at green: it carries most of the luminance and is sampled best by a Bayer sensor. */
const GREEN = 1;

/**
 * Samples of `plane` at (step * x, step * y) for every (x, y) of `window`, in the plane's own type. Reads nothing beyond
 * the plane. `step` = 1 copies a part of the plane.
 */
export function samplesOf(plane: Plane, window: Window, step = 1): PixelArray {
  const { samplesPerPixel, data } = plane;
  const samples = new (data.constructor as new (length: number) => PixelArray)(window.sizeX * window.sizeY);
  const strideX = step * samplesPerPixel;
  const first = samplesPerPixel === 3 ? GREEN : 0;
  for (let y = 0; y < window.sizeY; y++) {
    const start = (window.y + y) * step * plane.sizeX * samplesPerPixel + window.x * strideX + first;
    const row = y * window.sizeX;
    if (strideX === 1) samples.set(data.subarray(start, start + window.sizeX), row);
    else for (let x = 0; x < window.sizeX; x++) samples[row + x] = data[start + x * strideX];
  }
  return samples;
}

/**
 * The reduction D that makes an enhanced picture comparable with raw. A model is trained so that its output sample
 * `magnification * k` is the noise-free value at raw sample k; so D takes every `magnification`-th sample and averages
 * nothing. (A 2x2 mean would lie half a raw pixel aside and would be blurred.) Of colour the edges align (`registration.ts`),
 * no sample lies on a raw one, and D is the mean of the samples that lie in a raw pixel, as a larger detector would take it.
 */
export function reduced(enhanced: Plane, magnification: number, window: Window): PixelArray {
  if (enhanced.samplesPerPixel === 1 || magnification === 1) return samplesOf(enhanced, window, magnification);
  const { data } = enhanced;
  const means = new Float32Array(window.sizeX * window.sizeY);
  for (let i = 0; i < means.length; i++) {
    const left = (window.x + (i % window.sizeX)) * magnification;
    const top = (window.y + Math.floor(i / window.sizeX)) * magnification;
    let sum = 0;
    for (let y = top; y < top + magnification; y++) {
      for (let x = left; x < left + magnification; x++) sum += data[(y * enhanced.sizeX + x) * 3 + GREEN];
    }
    means[i] = sum / magnification ** 2;
  }
  return means;
}

/** Samples as a picture in raw units: stored value * intensityScale. */
export function greyOf(samples: PixelArray, sizeX: number, sizeY: number, intensityScale = 1): Grey {
  const data = new Float32Array(samples);
  if (intensityScale !== 1) for (let i = 0; i < data.length; i++) data[i] *= intensityScale;
  return { sizeX, sizeY, data };
}

/** A whole plane as a picture. */
export function greyOfPlane(plane: Plane, intensityScale = 1): Grey {
  const { sizeX, sizeY } = plane;
  return greyOf(samplesOf(plane, { x: 0, y: 0, sizeX, sizeY }), sizeX, sizeY, intensityScale);
}

export function meanOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
