import type { MeasuredQuality, PixelArray } from '../frame.ts';
import { BidirectionalOffset } from './bidirectionalOffset.ts';
import { intensityKept } from './bleaching.ts';
import type { FollowingFrame } from './comparison.ts';
import { DriftTracker } from './driftTracker.ts';
import { focusScore } from './focus.ts';
import { Fourier2d, powerOfTwo } from './fourier.ts';
import { frcCurve, frcResolutionPx, ringSums, type RingSums } from './frc.ts';
import { frameNoise } from './frameNoise.ts';
import { GaussianBaseline } from './gaussianBaseline.ts';
import { greyOf, meanOf, type Grey } from './grey.ts';
import { noiseSigma } from './noise.ts';
import { percentiles } from './percentile.ts';
import { PhotonTransfer, PHOTON_TRANSFER_FRAMES, varianceAt, type VarianceModel } from './photonTransfer.ts';
import { photons } from './photons.ts';
import { rowCorrelation } from './rowCorrelation.ts';
import { RunningMean } from './runningMean.ts';
import { saturation } from './saturation.ts';
import { stillPixels, stillVariance, type StillPixels } from './stillness.ts';

/** What is known of the detector and the objective. */
export interface Instrument {
  readonly significantBits: number;
  /** micrometre */
  readonly physicalSizeX?: number;
}

export interface RawSamples {
  readonly sequence: number;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samples: PixelArray;
  /** Dark level of the session, raw units. */
  readonly offset: number;
}

/** Frames that a running value remembers. */
const MEMORY = 16;
/** Frames kept for enhanced frames that come late. */
const KEPT_FRAMES = 8;
/** Slow measures are taken on every so-manieth frame. */
const EVERY = { bidirectional: 4, frc: 32, gaussian: 8, gaussianAtFirst: 4 } as const;
const BIDIRECTIONAL_FRAMES = 10;
/** Mean frame from which the scene's range is first read. */
const RANGE_FRAMES = 16;
/** Below this many pixels a spectrum says nothing. */
const SMALLEST_SPECTRUM = 32;
const LARGEST_FRC = 256;

/** What one frame says on its own. */
export function singleFrameMeasures(
  raw: RawSamples,
  instrument: Instrument,
  grey = greyOf(raw.samples, raw.sizeX, raw.sizeY),
  varianceModel?: VarianceModel,
): MeasuredQuality {
  const mean = meanOf(grey.data);
  const sigma = noiseSigma(grey);
  return {
    mean,
    ...saturation(raw.samples, instrument.significantBits),
    noiseSigma: sigma,
    focus: focusScore(grey, raw.offset, varianceModel ? varianceAt(varianceModel, mean) : sigma * sigma),
    focusRelative: 1,
  };
}

/** Watches the raw frames of one channel and section. */
export class RawWatch {
  readonly #instrument: Instrument;
  #frames = 0;
  #newest: Grey | undefined;
  /** Frames that followed another one, the newest last. */
  readonly #kept: FollowingFrame[] = [];
  readonly #startMean = new RunningMean(MEMORY);
  readonly #nowMean = new RunningMean(MEMORY / 2);
  readonly #rowCorrelation = new RunningMean(MEMORY);
  readonly #stillShare = new RunningMean(MEMORY);
  readonly #gaussian = new GaussianBaseline(MEMORY / 4);
  #bestFocus = 0;
  #transfer: PhotonTransfer | undefined;
  #fit: VarianceModel | undefined;
  #levels: { readonly low: number; readonly bright: number; readonly high: number } | undefined;
  #bidirectional: BidirectionalOffset | undefined;
  #drift: DriftTracker | undefined;
  #fourier: Fourier2d | undefined;
  #rings: RingSums | undefined;

  constructor(instrument: Instrument) {
    this.#instrument = instrument;
  }

  observe(raw: RawSamples): MeasuredQuality {
    const grey = greyOf(raw.samples, raw.sizeX, raw.sizeY);
    const before = this.#newest;
    this.#newest = grey;
    this.#frames += 1;
    const noise = before && frameNoise(before, grey);
    const still = before && noise && this.#follow(raw.sequence, before, grey, noise);
    this.#transferPhotons(grey, noise, still);
    if (Math.min(raw.sizeX, raw.sizeY) >= SMALLEST_SPECTRUM) this.#align(grey, before);
    return this.#report(raw, grey);
  }

  /** The first raw frame after `sequence` that is still kept: the next one, unless the question comes late. */
  after(sequence: number): FollowingFrame | undefined {
    return this.#kept.find((kept) => kept.sequence > sequence);
  }

  /** p99.9 - p0.1 of a mean frame, raw units. */
  get range(): number | undefined {
    return this.#levels && this.#levels.high - this.#levels.low;
  }

  get varianceModel(): VarianceModel | undefined {
    return this.#fit;
  }

  get rowCorrelation(): number {
    return this.#rowCorrelation.mean;
  }

  /** Share of the newest frames that held still from one to the next, 0..1. */
  get stillShare(): number {
    return this.#stillShare.mean;
  }

  /** dB, of the best Gaussian on these frames. */
  get uPsnrGaussian(): number | undefined {
    return this.range ? this.#gaussian.uPsnr(this.range) : undefined;
  }

  /** Raw pixels, of the best Gaussian on these frames. */
  get gaussianSigma(): number | undefined {
    return this.range ? this.#gaussian.sigma(this.range) : undefined;
  }

  #follow(sequence: number, before: Grey, grey: Grey, noise: Grey): StillPixels {
    const still = stillPixels(before, grey, noise);
    const next = { sequence, grey, still, noiseVariance: stillVariance(noise, still) };
    this.#stillShare.add(still.count / grey.data.length);
    const correlation = rowCorrelation(noise, still);
    if (correlation !== undefined) this.#rowCorrelation.add(correlation);
    const gaussianEvery = this.gaussianSigma === undefined ? EVERY.gaussianAtFirst : EVERY.gaussian;
    if (isDue(this.#frames, gaussianEvery)) this.#gaussian.add(before, next);
    this.#kept.push(next);
    if (this.#kept.length > KEPT_FRAMES) this.#kept.shift();
    return still;
  }

  /** In blocks of 32 frames. */
  #transferPhotons(grey: Grey, noise?: Grey, still?: StillPixels): void {
    this.#transfer ??= new PhotonTransfer(grey.sizeX, grey.sizeY);
    this.#transfer.add(grey, noise, still);
    const { frames } = this.#transfer;
    if (frames === PHOTON_TRANSFER_FRAMES || (frames === RANGE_FRAMES && !this.#levels)) {
      this.#readLevels(this.#transfer);
    }
    if (frames < PHOTON_TRANSFER_FRAMES) return;
    this.#fit = this.#transfer.fit() ?? this.#fit;
    this.#transfer = undefined;
  }

  #readLevels(transfer: PhotonTransfer): void {
    const [low, bright, high] = percentiles(transfer.mean().data, [0.1, 99, 99.9]);
    this.#levels = { low, bright, high };
  }

  #align(grey: Grey, before: Grey | undefined): void {
    this.#drift ??= new DriftTracker(grey.sizeX, grey.sizeY);
    this.#drift.add(grey);
    this.#bidirectional ??= new BidirectionalOffset(grey.sizeX, BIDIRECTIONAL_FRAMES);
    if (this.#frames <= BIDIRECTIONAL_FRAMES || this.#frames % EVERY.bidirectional === 0) this.#bidirectional.add(grey);
    if (before && isDue(this.#frames, EVERY.frc)) {
      this.#fourier ??= new Fourier2d(powerOfTwo(Math.min(grey.sizeX, grey.sizeY, LARGEST_FRC)));
      this.#rings = fadedSum(this.#rings, ringSums(before, grey, this.#fourier));
    }
  }

  #report(raw: RawSamples, grey: Grey): MeasuredQuality {
    const { physicalSizeX } = this.#instrument;
    const fit = this.#fit;
    const single = singleFrameMeasures(raw, this.#instrument, grey, fit);
    if (this.#frames <= MEMORY / 2) this.#startMean.add(single.mean);
    this.#nowMean.add(single.mean);
    this.#bestFocus = Math.max(this.#bestFocus, single.focus);
    const resolutionPx = this.#rings && frcResolutionPx(frcCurve(this.#rings));
    return {
      ...single,
      focusRelative: this.#bestFocus > 0 ? single.focus / this.#bestFocus : 0,
      ...(fit && this.#levels && photons(fit, { dark: raw.offset, bright: this.#levels.bright, mean: single.mean })),
      drift: this.#drift?.drift,
      bidirectionalOffset:
        this.#bidirectional && this.#bidirectional.frames >= BIDIRECTIONAL_FRAMES
          ? this.#bidirectional.shift
          : undefined,
      rowCorrelation: this.#rowCorrelation.count > 0 ? this.#rowCorrelation.mean : undefined,
      resolutionPx,
      resolution: resolutionPx !== undefined && physicalSizeX !== undefined ? resolutionPx * physicalSizeX : undefined,
      intensityKept: intensityKept(this.#startMean.mean, this.#nowMean.mean, raw.offset),
    };
  }
}

/** True on frames 2, 4, 8 ... up to `every`, so that a slow source is answered early, and then on every so-manieth. */
export function isDue(frame: number, every: number): boolean {
  return frame % every === 0 || (frame > 1 && frame < every && (frame & (frame - 1)) === 0);
}

/** Older sums count half with each new one. */
function fadedSum(older: RingSums | undefined, newer: RingSums): RingSums {
  if (!older) return newer;
  const add = (a: Float64Array, b: Float64Array): Float64Array => b.map((value, i) => value + a[i] / 2);
  return {
    cross: add(older.cross, newer.cross),
    powerA: add(older.powerA, newer.powerA),
    powerB: add(older.powerB, newer.powerB),
  };
}
