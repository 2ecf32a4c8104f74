/**
 * A still scene with a known truth, and noise of known size: for tests of measures. Deterministic.
 */
import type { Grey } from '../../../pipeline/assess/grey.ts';
import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';

export type Random = () => number;

/** mulberry32: uniform in [0, 1). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Poisson deviate: Knuth's product for small means, a rounded normal above 60. */
export function poisson(mean: number, random: Random): number {
  if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** Curved filaments and a few blobs, 0..1, blurred by `psfSigma` pixels, on `size` x `size` pixels. */
export function filaments(size: number, psfSigma: number, seed = 1): Grey {
  const random = seeded(seed);
  const data = new Float32Array(size * size);
  const mark = (x: number, y: number): void => {
    const px = Math.round(x);
    const py = Math.round(y);
    if (px >= 0 && py >= 0 && px < size && py < size) data[py * size + px] = 1;
  };
  for (let line = 0; line < 40; line++) {
    let x = random() * size;
    let y = random() * size;
    let angle = random() * 2 * Math.PI;
    for (let step = 0; step < size; step++) {
      mark(x, y);
      angle += 0.06 * normal(random);
      x += Math.cos(angle);
      y += Math.sin(angle);
    }
  }
  return normalisedToOne(gaussianBlur({ sizeX: size, sizeY: size, data }, psfSigma));
}

function normalisedToOne(picture: Grey): Grey {
  let top = 0;
  for (const value of picture.data) top = Math.max(top, value);
  return { ...picture, data: picture.data.map((value) => value / top) };
}

export function everySecond({ sizeX, sizeY, data }: Grey): Grey {
  const half = { sizeX: sizeX / 2, sizeY: sizeY / 2, data: new Float32Array(data.length / 4) };
  for (let y = 0; y < half.sizeY; y++) {
    for (let x = 0; x < half.sizeX; x++) half.data[y * half.sizeX + x] = data[2 * y * sizeX + 2 * x];
  }
  return half;
}

export interface Camera {
  /** Photo-electrons at scene value 1, and everywhere. */
  readonly photons: number;
  readonly background: number;
  /** Raw units per photo-electron; raw units; photo-electrons. */
  readonly gain: number;
  readonly offset: number;
  readonly readNoise: number;
}

export const CAMERA: Camera = { photons: 20, background: 0.5, gain: 8, offset: 100, readNoise: 2 };

/** The noise-free raw intensity. */
export function expected(scene: Grey, camera: Camera): Grey {
  const { photons, background, gain, offset } = camera;
  return { ...scene, data: scene.data.map((value) => offset + gain * (photons * value + background)) };
}

/** One exposure, raw units. */
export function exposed(scene: Grey, camera: Camera, random: Random): Grey {
  const { photons, background, gain, offset, readNoise } = camera;
  const data = scene.data.map((value) =>
    Math.max(
      0,
      Math.round(offset + gain * (poisson(photons * value + background, random) + readNoise * normal(random))),
    ),
  );
  return { ...scene, data };
}
