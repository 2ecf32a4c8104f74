import FFT from 'fft.js';
import { hann, powerOfTwo } from './fourier.ts';
import type { Grey } from './grey.ts';

const LARGEST_SHIFT = 3;
const SHIFT_STEP = 0.0625;
/** Correlation of odd and even lines below which there is nothing to align. */
const LEAST_CORRELATION = 0.05;

/**
 * Shift of odd lines against even ones, raw pixels along x, positive to the right: the phase error of a scanner that
 * records in both directions. Sums, over rows and frames, the cross-spectrum of each odd line with the mean of the even
 * lines around it; the shift is where its inverse transform is largest on a grid of 1/16 pixel.
 */
export class BidirectionalOffset {
  readonly #size: number;
  readonly #fft: FFT;
  readonly #taper: Float64Array;
  readonly #memory: number;
  readonly #crossRe: Float64Array;
  readonly #crossIm: Float64Array;
  #powers = { odd: 0, even: 0 };
  #frames = 0;
  #shift: number | undefined;

  /** `memory`: the spectra of older frames fade over this many. */
  constructor(sizeX: number, memory: number) {
    this.#size = powerOfTwo(sizeX);
    this.#fft = new FFT(this.#size);
    this.#taper = hann(this.#size);
    this.#memory = memory;
    this.#crossRe = new Float64Array(this.#size / 2);
    this.#crossIm = new Float64Array(this.#size / 2);
  }

  get frames(): number {
    return this.#frames;
  }

  add(frame: Grey): void {
    const fading = this.#frames < this.#memory ? 1 : 1 - 1 / this.#memory;
    for (let k = 0; k < this.#crossRe.length; k++) {
      this.#crossRe[k] *= fading;
      this.#crossIm[k] *= fading;
    }
    this.#powers = { odd: this.#powers.odd * fading, even: this.#powers.even * fading };
    for (let y = 1; y + 1 < frame.sizeY; y += 2) this.#addLine(frame, y);
    this.#frames += 1;
    this.#shift = this.#highest();
  }

  /** Undefined when odd and even lines have nothing in common. */
  get shift(): number | undefined {
    return this.#shift;
  }

  #highest(): number | undefined {
    let best = 0;
    let highest = -Infinity;
    for (let step = -LARGEST_SHIFT / SHIFT_STEP; step <= LARGEST_SHIFT / SHIFT_STEP; step++) {
      const shift = step * SHIFT_STEP;
      const height = this.#correlation(shift);
      if (height > highest) [best, highest] = [shift, height];
    }
    const most = Math.sqrt(this.#powers.odd * this.#powers.even);
    return highest > LEAST_CORRELATION * most ? best : undefined;
  }

  #correlation(shift: number): number {
    let sum = 0;
    for (let k = 1; k < this.#crossRe.length; k++) {
      const phase = (2 * Math.PI * k * shift) / this.#size;
      sum += this.#crossRe[k] * Math.cos(phase) - this.#crossIm[k] * Math.sin(phase);
    }
    return sum;
  }

  /** One complex transform serves the two real lines: even in the real part, odd in the imaginary one. */
  #addLine(frame: Grey, y: number): void {
    const size = this.#size;
    const start = y * frame.sizeX + ((frame.sizeX - size) >> 1);
    const above = start - frame.sizeX;
    const below = start + frame.sizeX;
    const { data } = frame;
    let evenMean = 0;
    let oddMean = 0;
    for (let x = 0; x < size; x++) {
      evenMean += (data[above + x] + data[below + x]) / (2 * size);
      oddMean += data[start + x] / size;
    }
    const line = new Float64Array(2 * size);
    for (let x = 0; x < size; x++) {
      line[2 * x] = ((data[above + x] + data[below + x]) / 2 - evenMean) * this.#taper[x];
      line[2 * x + 1] = (data[start + x] - oddMean) * this.#taper[x];
    }
    const spectrum = new Float64Array(2 * size);
    this.#fft.transform(spectrum, line);
    for (let k = 1; k < size / 2; k++) {
      const re = spectrum[2 * k];
      const im = spectrum[2 * k + 1];
      const mirrorRe = spectrum[2 * (size - k)];
      const mirrorIm = spectrum[2 * (size - k) + 1];
      const evenRe = (re + mirrorRe) / 2;
      const evenIm = (im - mirrorIm) / 2;
      const oddRe = (im + mirrorIm) / 2;
      const oddIm = (mirrorRe - re) / 2;
      this.#crossRe[k] += evenRe * oddRe + evenIm * oddIm;
      this.#crossIm[k] += evenRe * oddIm - evenIm * oddRe;
      this.#powers.even += evenRe * evenRe + evenIm * evenIm;
      this.#powers.odd += oddRe * oddRe + oddIm * oddIm;
    }
  }
}
