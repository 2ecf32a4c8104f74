import { shiftBetween } from './drift.ts';
import { Fourier2d, powerOfTwo } from './fourier.ts';
import type { Grey } from './grey.ts';

const FRAMES_OF_MEAN = 4;
/** A shift is looked for in every so-manieth mean. */
const MEANS_APART = 8;
const LEAST_CONFIDENCE = 1.3;
/** After so many doubtful shifts in a row the scene has changed: the next mean becomes the reference. */
const DOUBTS_ALLOWED = 4;
const LARGEST_SIZE = 256;

/** Drift since the session began, raw pixels, from means of four frames against the first such mean. */
export class DriftTracker {
  readonly #fourier: Fourier2d;
  readonly #sizeX: number;
  readonly #sizeY: number;
  #sum: Float32Array;
  #frames = 0;
  #means = 0;
  #reference: Grey | undefined;
  /** Where the reference itself lies. */
  #origin = { x: 0, y: 0 };
  #drift: { readonly x: number; readonly y: number } | undefined;
  #doubts = 0;

  constructor(sizeX: number, sizeY: number) {
    this.#fourier = new Fourier2d(powerOfTwo(Math.min(sizeX, sizeY, LARGEST_SIZE)));
    this.#sizeX = sizeX;
    this.#sizeY = sizeY;
    this.#sum = new Float32Array(sizeX * sizeY);
  }

  add(frame: Grey): void {
    const sum = this.#sum;
    const now = frame.data;
    for (let i = 0; i < sum.length; i++) sum[i] += now[i];
    this.#frames += 1;
    if (this.#frames % FRAMES_OF_MEAN !== 0) return;
    const mean = { sizeX: this.#sizeX, sizeY: this.#sizeY, data: this.#sum };
    this.#sum = new Float32Array(this.#sum.length);
    this.#means += 1;
    if (!this.#reference) this.#reference = mean;
    else if (this.#means % MEANS_APART === 0 || this.#means === 2) this.#compare(this.#reference, mean);
  }

  /** Undefined until two means were compared with confidence. */
  get drift(): { readonly x: number; readonly y: number } | undefined {
    return this.#drift;
  }

  #compare(reference: Grey, mean: Grey): void {
    const shift = shiftBetween(reference, mean, this.#fourier);
    if (shift.confidence >= LEAST_CONFIDENCE) {
      this.#drift = { x: this.#origin.x + shift.x, y: this.#origin.y + shift.y };
      this.#doubts = 0;
      const far = Math.max(Math.abs(shift.x), Math.abs(shift.y)) > this.#fourier.size / 8;
      if (far) this.#anchor(mean);
    } else if (++this.#doubts >= DOUBTS_ALLOWED) {
      this.#anchor(mean);
    }
  }

  #anchor(mean: Grey): void {
    this.#reference = mean;
    this.#origin = this.#drift ?? { x: 0, y: 0 };
    this.#doubts = 0;
  }
}
