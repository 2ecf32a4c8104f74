import { crossFrameChiSquared } from './crossFrameChiSquared.ts';
import type { Grey } from './grey.ts';
import { RunningMean } from './runningMean.ts';
import { stillDifference, type StillPixels } from './stillness.ts';
import { uPsnr } from './uPsnr.ts';

/** A raw frame that followed another one. */
export interface FollowingFrame {
  readonly sequence: number;
  readonly grey: Grey;
  /** Where the scene held still since the frame before, and the noise variance of one frame there, raw units squared. */
  readonly still: StillPixels;
  readonly noiseVariance: number;
}

/** Share of a picture that must hold still to say anything about it. */
const LEAST_STILL = 0.1;

/** Running means of how far predictions of one frame are from the next raw frame, where the scene held still. */
export class Comparison {
  readonly #error: RunningMean;
  readonly #noise: RunningMean;
  readonly #pixels: RunningMean;

  constructor(memory: number) {
    this.#error = new RunningMean(memory);
    this.#noise = new RunningMean(memory);
    this.#pixels = new RunningMean(memory);
  }

  /** Takes nothing from a frame in which nearly everything moved, or that has no noise. */
  add(prediction: Grey, next: FollowingFrame): void {
    const { grey, still, noiseVariance } = next;
    if (still.count < LEAST_STILL * grey.data.length || !(noiseVariance > 0)) return;
    this.#error.add(stillDifference(prediction, grey, still));
    this.#noise.add(noiseVariance);
    this.#pixels.add(still.count);
  }

  /** Frames that were compared. */
  get count(): number {
    return this.#error.count;
  }

  /** dB; `range` in raw units. */
  uPsnr(range: number): number {
    return uPsnr(range, this.#error.mean, this.#noise.mean, this.#pixels.mean);
  }

  chiSquared(): number | undefined {
    return crossFrameChiSquared(this.#error.mean, this.#noise.mean);
  }
}
