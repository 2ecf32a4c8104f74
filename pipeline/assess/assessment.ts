import type { MeasuredQuality, PredictedQuality } from '../frame.ts';
import type { Domain } from './domain.ts';
import { PredictionWatch, type PredictedSamples } from './predictionWatch.ts';
import { RawWatch, singleFrameMeasures, type Instrument, type RawSamples } from './rawWatch.ts';

export interface AssessmentSettings {
  readonly instrument: Instrument;
  /** Per model id: what the model was trained on. */
  readonly domains: Readonly<Record<string, Domain>>;
}

/** `place`: channel and section, `c/z`. */
export type AssessmentTask =
  | { readonly kind: 'raw'; readonly place: string; readonly raw: RawSamples }
  | {
      readonly kind: 'predicted';
      readonly place: string;
      readonly modelId: string;
      /** Model, version and step: a change of it starts the watch anew. */
      readonly model: string;
      /** The model is a Gaussian filter. */
      readonly isBaseline: boolean;
      readonly samples: PredictedSamples;
    };

export interface AssessmentReport {
  readonly place: string;
  readonly measured?: MeasuredQuality;
  /** Raw pixels. */
  readonly gaussianSigma?: number;
  readonly predicted?: { readonly model: string; readonly quality: PredictedQuality };
  /** Time that the task took. */
  readonly ms: number;
}

type Findings = Pick<AssessmentReport, 'measured' | 'gaussianSigma' | 'predicted'>;

/** Places followed over time; of the sections of a longer z-series only single frames are measured. */
const MOST_PLACES = 16;

interface PlaceWatch {
  readonly raw: RawWatch;
  measured?: MeasuredQuality;
  prediction?: { readonly model: string; readonly modelId: string; readonly watch: PredictionWatch };
}

/** All watches of a session. Synchronous: lives in a thread of its own. */
export class Assessment {
  readonly #settings: AssessmentSettings;
  readonly #places = new Map<string, PlaceWatch>();

  constructor(settings: AssessmentSettings) {
    this.#settings = settings;
  }

  handle(task: AssessmentTask): AssessmentReport {
    const startedMs = performance.now();
    const findings = this.#findings(task);
    return { place: task.place, ...findings, ms: performance.now() - startedMs };
  }

  #findings(task: AssessmentTask): Findings {
    const place = this.#placeOf(task.place);
    if (task.kind === 'raw') return this.#observe(place, task.raw);
    if (!place) return {};
    if (place.prediction?.model !== task.model) {
      place.prediction = { model: task.model, modelId: task.modelId, watch: new PredictionWatch(task.isBaseline) };
    }
    place.prediction.watch.take(task.samples, place.raw);
    return { predicted: this.#predicted(place) };
  }

  #observe(place: PlaceWatch | undefined, raw: RawSamples): Findings {
    if (!place) return { measured: singleFrameMeasures(raw, this.#settings.instrument) };
    place.measured = place.raw.observe(raw);
    place.prediction?.watch.settle(place.raw);
    const { gaussianSigma } = place.raw;
    return { measured: place.measured, gaussianSigma, predicted: this.#predicted(place) };
  }

  #predicted({ raw, measured, prediction }: PlaceWatch): AssessmentReport['predicted'] {
    if (!prediction) return undefined;
    const { model, modelId, watch } = prediction;
    return { model, quality: watch.report(raw, measured, this.#settings.domains[modelId]) };
  }

  #placeOf(name: string): PlaceWatch | undefined {
    const known = this.#places.get(name);
    if (known || this.#places.size >= MOST_PLACES) return known;
    const place: PlaceWatch = { raw: new RawWatch(this.#settings.instrument) };
    this.#places.set(name, place);
    return place;
  }
}
