import FFT from 'fft.js';
import type { Grey } from './grey.ts';

/** The largest power of two that is at most `length`. */
export function powerOfTwo(length: number): number {
  return 2 ** Math.floor(Math.log2(length));
}

/** Periodic Hann window: 0 at the first sample, 1 in the middle. */
export function hann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
}

/** Two-dimensional Fourier transform of `size` x `size` complex samples (interleaved), `size` a power of two. */
export class Fourier2d {
  readonly size: number;
  readonly #fft: FFT;
  readonly #line: Float64Array;
  readonly #transformed: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.#fft = new FFT(size);
    this.#line = new Float64Array(2 * size);
    this.#transformed = new Float64Array(2 * size);
  }

  /** In place, without a factor. */
  forward(samples: Float64Array): void {
    this.#rows(samples, false);
    this.#columns(samples, false);
  }

  /** In place, divided by size^2: undoes `forward`. */
  inverse(samples: Float64Array): void {
    this.#rows(samples, true);
    this.#columns(samples, true);
  }

  #transformLine(inverse: boolean): void {
    if (inverse) this.#fft.inverseTransform(this.#transformed, this.#line);
    else this.#fft.transform(this.#transformed, this.#line);
  }

  #rows(samples: Float64Array, inverse: boolean): void {
    const length = 2 * this.size;
    for (let row = 0; row < samples.length; row += length) {
      this.#line.set(samples.subarray(row, row + length));
      this.#transformLine(inverse);
      samples.set(this.#transformed, row);
    }
  }

  #columns(samples: Float64Array, inverse: boolean): void {
    const length = 2 * this.size;
    for (let x = 0; x < length; x += 2) {
      for (let y = 0, at = x; y < length; y += 2, at += length) {
        this.#line[y] = samples[at];
        this.#line[y + 1] = samples[at + 1];
      }
      this.#transformLine(inverse);
      for (let y = 0, at = x; y < length; y += 2, at += length) {
        samples[at] = this.#transformed[y];
        samples[at + 1] = this.#transformed[y + 1];
      }
    }
  }
}

/**
 * The central `size` x `size` part of one picture (real part) and of another (imaginary part), each without its mean and
 * under a Hann window in both directions, so that one complex transform serves two pictures.
 */
export function windowedPair(real: Grey, imaginary: Grey | undefined, size: number): Float64Array {
  const samples = new Float64Array(2 * size * size);
  const taper = hann(size);
  [real, imaginary].forEach((picture, part) => {
    if (!picture) return;
    const left = (picture.sizeX - size) >> 1;
    const top = (picture.sizeY - size) >> 1;
    let sum = 0;
    for (let y = 0; y < size; y++) {
      const row = (top + y) * picture.sizeX + left;
      for (let x = 0; x < size; x++) sum += picture.data[row + x];
    }
    const mean = sum / (size * size);
    for (let y = 0; y < size; y++) {
      const row = (top + y) * picture.sizeX + left;
      for (let x = 0; x < size; x++) {
        samples[2 * (y * size + x) + part] = (picture.data[row + x] - mean) * taper[x] * taper[y];
      }
    }
  });
  return samples;
}

/**
 * Visits every frequency of a transformed pair: kx and ky (-size/2 ..< size/2), the first picture's spectrum (a) and
 * the second's (b). Uses that the spectrum of a real picture is its own mirrored conjugate.
 */
export function forEachFrequency(
  spectrum: Float64Array,
  size: number,
  visit: (kx: number, ky: number, aRe: number, aIm: number, bRe: number, bIm: number, at: number) => void,
): void {
  const half = size / 2;
  for (let y = 0; y < size; y++) {
    const ky = y < half ? y : y - size;
    const mirrorRow = ((size - y) % size) * size;
    for (let x = 0; x < size; x++) {
      const kx = x < half ? x : x - size;
      const at = 2 * (y * size + x);
      const mirror = 2 * (mirrorRow + ((size - x) % size));
      const re = spectrum[at];
      const im = spectrum[at + 1];
      const mirrorRe = spectrum[mirror];
      const mirrorIm = spectrum[mirror + 1];
      visit(kx, ky, (re + mirrorRe) / 2, (im - mirrorIm) / 2, (im + mirrorIm) / 2, (mirrorRe - re) / 2, at);
    }
  }
}
