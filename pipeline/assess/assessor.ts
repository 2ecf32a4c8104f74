/**
 * The port `Assessor`: measures every raw frame and the trust in every enhanced one, in a thread of its own.
 *
 * Nothing waits and nothing piles up. `observe` and `assess` copy the pixels that are needed and post them; when the thread
 * is more than a few tasks behind, or has had its fifth of a core, they post nothing, and frames left out are counted.
 * `assess` answers at once with what is known: running values of the frames just before. Of frames larger than 384 pixels
 * the central 384x384 are looked at; of colour, green.
 */

import type { Worker } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import type {
  Acquisition,
  EnhancedFrame,
  Frame,
  MeasuredQuality,
  NormalisedFrame,
  PredictedQuality,
  Quality,
} from '../frame.ts';
import type { Assessor } from '../ports.ts';
import { siblingModule, startThread } from '../thread.ts';
import type { AssessmentReport, AssessmentSettings, AssessmentTask } from './assessment.ts';
import { Budget } from './budget.ts';
import type { Domain } from './domain.ts';
import { powerOfTwo } from './fourier.ts';
import { centralWindow, reduced, samplesOf, type Window } from './grey.ts';
import type { PredictedSamples } from './predictionWatch.ts';
import { isDue, singleFrameMeasures, type RawSamples } from './rawWatch.ts';

export interface AssessorOptions {
  /** Per model id: the ranges of its training data, for the domain check. */
  readonly domains?: Readonly<Record<string, Domain>>;
  /** Hears of each frame whose pixels of that kind were not looked at, for want of time. */
  readonly skipped?: (pixels: 'raw' | 'predicted') => void;
}

export interface AssessorStatus {
  /** Frames not measured because the thread was behind, or had its share of the processor. */
  readonly skipped: number;
  /** Times the thread died; it is started again with the next frame, and its running values begin anew. */
  readonly faults: number;
  readonly lastFault?: string;
}

const LARGEST_WINDOW = 384;
const FIRST_LOOK_WINDOW = 128;
const MOST_OUTSTANDING = 4;
/** Of one core: the models need the rest. */
const SHARE = 0.2;
/** So that the first values come soon. */
const MOST_MS_AT_ONCE = 1000;
/** The spectrum of a prediction is looked at in every so-manieth frame. */
const DETAIL_EVERY = 32;
const LARGEST_DETAIL = 512;

/** An assessor for one session. Its thread starts with the first frame. */
export function createAssessor(
  acquisition: Acquisition,
  options: AssessorOptions = {},
): Assessor & { readonly status: AssessorStatus } {
  return new ThreadedAssessor(acquisition, options);
}

class ThreadedAssessor implements Assessor {
  readonly #acquisition: Acquisition;
  readonly #settings: AssessmentSettings;
  readonly #skipped: (pixels: 'raw' | 'predicted') => void;
  readonly #window: Window;
  #thread: Worker | undefined;
  #outstanding = 0;
  readonly #budget = new Budget(SHARE, MOST_MS_AT_ONCE, performance.now());
  /** Places whose last frame waits for the next one. */
  readonly #openPairs = new Set<string>();
  #closed = false;
  #status: AssessorStatus = { skipped: 0, faults: 0 };
  readonly #measured = new Map<string, MeasuredQuality>();
  readonly #gaussianSigmas = new Map<string, number>();
  readonly #predicted = new Map<string, { readonly model: string; readonly quality: PredictedQuality }>();
  readonly #enhancedFrames = new Map<string, number>();

  constructor(acquisition: Acquisition, { domains = {}, skipped = () => undefined }: AssessorOptions) {
    this.#skipped = skipped;
    this.#acquisition = acquisition;
    const { significantBits, physicalSizeX } = acquisition;
    this.#settings = { instrument: { significantBits, physicalSizeX }, domains };
    this.#window = centralWindow(acquisition, LARGEST_WINDOW);
  }

  get status(): AssessorStatus {
    return this.#status;
  }

  observe(frame: NormalisedFrame): void {
    const place = placeOf(frame);
    if (this.#hasRoom() && this.#isWorthwhile(place)) {
      this.#post({ kind: 'raw', place, raw: this.#rawSamples(frame) });
    } else {
      this.#status = { ...this.#status, skipped: this.#status.skipped + 1 };
      this.#skipped('raw');
    }
  }

  gaussianSigma(frame: Frame): number | undefined {
    return this.#gaussianSigmas.get(placeOf(frame));
  }

  assess(frame: EnhancedFrame): Promise<Quality> {
    const place = placeOf(frame);
    const model = modelOf(frame);
    const mayLook = this.#hasRoom() && this.#budget.allows(performance.now());
    if (model !== undefined && !mayLook) this.#skipped('predicted');
    if (model !== undefined && mayLook) {
      const { modelId = '', gaussianSigma } = frame.enhanced?.prediction ?? {};
      const isBaseline = gaussianSigma !== undefined;
      this.#post({
        kind: 'predicted',
        place,
        modelId,
        model,
        isBaseline,
        samples: this.#predictedSamples(frame, place),
      });
    }
    const measured = this.#measured.get(place) ?? this.#firstLook(frame, place);
    if (model === undefined) return Promise.resolve({ measured });
    const known = this.#predicted.get(place);
    return Promise.resolve({ measured, predicted: known?.model === model ? known.quality : NOT_KNOWN_YET });
  }

  /** What the frame says on its own, from its middle: once a place, while the thread starts. */
  #firstLook(frame: NormalisedFrame, place: string): MeasuredQuality {
    const raw = this.#rawSamples(frame, centralWindow(this.#acquisition, FIRST_LOOK_WINDOW));
    const measured = singleFrameMeasures(raw, this.#settings.instrument);
    this.#measured.set(place, measured);
    return measured;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  #hasRoom(): boolean {
    return !this.#closed && this.#outstanding < MOST_OUTSTANDING;
  }

  /** Frames are compared with the next one: a frame is left out only together with the one after it. */
  #isWorthwhile(place: string): boolean {
    if (this.#openPairs.delete(place)) return true;
    if (!this.#budget.allows(performance.now())) return false;
    this.#openPairs.add(place);
    return true;
  }

  #rawSamples({ meta, raw, normalisation }: NormalisedFrame, window = this.#window): RawSamples {
    const { sizeX, sizeY } = window;
    const samples = samplesOf(raw, window);
    return { sequence: meta.sequence, sizeX, sizeY, samples, offset: normalisation.offset };
  }

  #predictedSamples(frame: EnhancedFrame, place: string): PredictedSamples {
    const { enhanced } = frame;
    if (!enhanced) throw new Error(`frame ${frame.meta.sequence} has no prediction to assess`);
    const { plane, magnification, intensityScale } = enhanced;
    const { sequence, sizeX, sizeY, samples: raw, offset } = this.#rawSamples(frame);

    const count = (this.#enhancedFrames.get(place) ?? 0) + 1;
    this.#enhancedFrames.set(place, count);
    const size = powerOfTwo(Math.min(plane.sizeX, plane.sizeY, LARGEST_DETAIL));
    const detail = isDue(count, DETAIL_EVERY)
      ? { size, samples: samplesOf(plane, centralWindow(plane, size)), magnification }
      : undefined;
    return {
      sequence,
      sizeX,
      sizeY,
      raw,
      reduced: reduced(plane, magnification, this.#window),
      intensityScale,
      offset,
      detail,
      opticalCutoff: this.#opticalCutoff(frame.meta.index.c, magnification),
    };
  }

  /** 2 NA / wavelength in cycles per output pixel, when the objective, the wavelength and the pixel are known. */
  #opticalCutoff(channel: number, magnification: number): number | undefined {
    const { lensNA, physicalSizeX, channels } = this.#acquisition;
    const wavelength = channels.at(channel)?.emissionWavelength;
    if (lensNA === undefined || physicalSizeX === undefined || wavelength === undefined) return undefined;
    return (((2 * lensNA) / wavelength) * (physicalSizeX * 1000)) / magnification;
  }

  #post(task: AssessmentTask): void {
    this.#outstanding += 1;
    this.#thread ??= this.#start();
    this.#thread.postMessage(task, buffersOf(task));
  }

  #start(): Worker {
    const thread = startThread(siblingModule(import.meta.url, './assessThread'), { workerData: this.#settings });
    thread.on('message', (report: AssessmentReport) => this.#learn(report));
    thread.once('error', (error) => this.#lose(thread, messageOf(error)));
    thread.once('exit', (code) => this.#lose(thread, `the assessing thread ended with code ${code}`));
    return thread;
  }

  #learn({ place, measured, gaussianSigma, predicted, ms }: AssessmentReport): void {
    this.#outstanding -= 1;
    this.#budget.spend(ms);
    if (measured) this.#measured.set(place, measured);
    if (gaussianSigma !== undefined) this.#gaussianSigmas.set(place, gaussianSigma);
    if (predicted) this.#predicted.set(place, predicted);
  }

  #lose(thread: Worker, fault: string): void {
    if (this.#thread !== thread || this.#closed) return;
    this.#thread = undefined;
    this.#outstanding = 0;
    this.#status = { ...this.#status, faults: this.#status.faults + 1, lastFault: fault };
  }
}

const NOT_KNOWN_YET: PredictedQuality = {
  verdict: 'uncertifiable',
  because: 'too few raw frames seen yet to compare with',
};

function placeOf({ meta }: Frame): string {
  return `${meta.index.c}/${meta.index.z}`;
}

/** What a change of starts the running values anew. */
function modelOf({ enhanced }: EnhancedFrame): string | undefined {
  if (!enhanced) return undefined;
  const { modelId, modelVersion, ladderStep, gaussianSigma } = enhanced.prediction;
  return `${modelId}@${modelVersion} step ${ladderStep} x${enhanced.magnification} sigma ${gaussianSigma}`;
}

function buffersOf(task: AssessmentTask): ArrayBuffer[] {
  const arrays =
    task.kind === 'raw'
      ? [task.raw.samples]
      : [task.samples.raw, task.samples.reduced, ...(task.samples.detail ? [task.samples.detail.samples] : [])];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}
