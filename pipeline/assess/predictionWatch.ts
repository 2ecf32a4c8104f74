import type { MeasuredQuality, PixelArray, PredictedQuality } from '../frame.ts';
import { Comparison } from './comparison.ts';
import { domainOf, type Domain } from './domain.ts';
import { fluxRatio } from './fluxRatio.ts';
import { Fourier2d, powerOfTwo } from './fourier.ts';
import { greyOf, type Grey } from './grey.ts';
import { predictedBandEnergy } from './predictedBandEnergy.ts';
import type { RawWatch } from './rawWatch.ts';
import { flaggedShare, residualMap } from './residualMap.ts';
import { RunningMean } from './runningMean.ts';
import { verdictOf } from './verdict.ts';

export interface PredictedSamples {
  readonly sequence: number;
  readonly sizeX: number;
  readonly sizeY: number;
  /** The raw frame that the prediction was made from. */
  readonly raw: PixelArray;
  /** The prediction reduced to the raw samples (see `reduced`), stored values. */
  readonly reduced: PixelArray;
  readonly intensityScale: number;
  readonly offset: number;
  /** A square, power-of-two part of the prediction at its own sampling; sent with some frames only. */
  readonly detail?: { readonly size: number; readonly samples: PixelArray; readonly magnification: number };
  /** Cut-off of the optics, cycles per output pixel. */
  readonly opticalCutoff?: number;
}

const MEMORY = 16;
/** Frames before a running value is worth showing: one triple of frames is up to 1.5 dB off at few photons. */
const FEWEST_FRAMES = 8;
const RESIDUAL_EVERY = 4;

/** Watches what one model makes of the frames of one channel and section. */
export class PredictionWatch {
  readonly #isBaseline: boolean;
  readonly #comparison = new Comparison(MEMORY);
  readonly #flagged = new RunningMean(MEMORY / 4);
  readonly #flux = new RunningMean(MEMORY);
  readonly #bandEnergy = new RunningMean(MEMORY / 4);
  #frames = 0;
  /** The newest prediction, while no later raw frame has come. */
  #waiting: { readonly sequence: number; readonly prediction: Grey } | undefined;
  #fourier: Fourier2d | undefined;

  /** `isBaseline`: the model is a Gaussian filter, which others are judged by. */
  constructor(isBaseline: boolean) {
    this.#isBaseline = isBaseline;
  }

  take(samples: PredictedSamples, watch: RawWatch): void {
    const { sizeX, sizeY, intensityScale } = samples;
    const raw = greyOf(samples.raw, sizeX, sizeY);
    const prediction = greyOf(samples.reduced, sizeX, sizeY, intensityScale);
    this.#frames += 1;

    const flux = fluxRatio(prediction, raw, samples.offset);
    if (flux !== undefined) this.#flux.add(flux);
    if (watch.varianceModel && this.#frames % RESIDUAL_EVERY === 0) {
      const share = flaggedShare(residualMap(prediction, raw, watch.varianceModel, watch.rowCorrelation));
      if (share !== undefined) this.#flagged.add(share);
    }
    if (samples.detail) this.#addDetail(samples.detail, samples.opticalCutoff);

    const next = watch.after(samples.sequence);
    if (next) this.#comparison.add(prediction, next);
    else this.#waiting = { sequence: samples.sequence, prediction };
  }

  /** A raw frame came: the prediction before it can be compared. */
  settle(watch: RawWatch): void {
    const next = this.#waiting && watch.after(this.#waiting.sequence);
    if (!this.#waiting || !next) return;
    this.#comparison.add(this.#waiting.prediction, next);
    this.#waiting = undefined;
  }

  report(watch: RawWatch, measured: MeasuredQuality | undefined, domain: Domain | undefined): PredictedQuality {
    const { range } = watch;
    const enough = this.#comparison.count >= FEWEST_FRAMES;
    const evidence = {
      uPsnr: enough && range ? this.#comparison.uPsnr(range) : undefined,
      uPsnrGaussian: watch.uPsnrGaussian,
      chiSquared: enough ? this.#comparison.chiSquared() : undefined,
      flagged: this.#flagged.count > 0 ? this.#flagged.mean : undefined,
      predictedBandEnergy: this.#bandEnergy.count > 0 ? this.#bandEnergy.mean : undefined,
      fluxRatio: this.#flux.count > 0 ? this.#flux.mean : undefined,
      domain: measured && domainOf(measured, domain),
    };
    return {
      ...evidence,
      ...verdictOf({
        ...evidence,
        uPsnrGaussian: this.#isBaseline ? undefined : evidence.uPsnrGaussian,
        photonsBright: measured?.photonsBright,
        stillShare: watch.stillShare,
      }),
    };
  }

  #addDetail(detail: NonNullable<PredictedSamples['detail']>, opticalCutoff: number | undefined): void {
    const { size, samples, magnification } = detail;
    if (this.#fourier?.size !== size) this.#fourier = new Fourier2d(powerOfTwo(size));
    const energy = predictedBandEnergy(greyOf(samples, size, size), { magnification, opticalCutoff }, this.#fourier);
    if (energy !== undefined) this.#bandEnergy.add(energy);
  }
}
