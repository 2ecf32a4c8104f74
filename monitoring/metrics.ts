/**
 * Every metric of the service, in base units (seconds, bytes, ratios). Labels are drawn from small fixed sets, never from
 * frames, sessions or files. Gauges of state are read when Prometheus asks (`readings`), not pushed.
 */

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Quality } from '../pipeline/frame.ts';
import { FRAME_ENDS } from '../pipeline/ledger.ts';
import { type EnhancerStatus, type RecordingStatus, STAGES } from '../pipeline/ports.ts';

/** Seconds: 1 ms to 2.5 s, dense where video rate is decided. */
const LATENCY_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5];

/** What is read at the moment of a scrape. */
export interface Readings {
  readonly inFlight: () => number;
  readonly waiting: () => number;
  readonly viewers: () => number;
  readonly enhancer: () => EnhancerStatus;
  readonly recording: () => RecordingStatus;
  readonly quality: () => Quality | undefined;
  /** Cells in view and of the session, by label; undefined while nothing looks for any. */
  readonly cells: () => CellReadings | undefined;
}

/** Every label that a cell can have stands in `labels`: a small set that the model fixes. */
export interface CellReadings {
  readonly labels: readonly string[];
  readonly inView: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
}

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(readings: Readings) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // prom-client names these gauges like counters, which `promtool check metrics` rightly refuses.
  ['handles', 'requests', 'resources'].forEach((what) => registry.removeSingleMetric(`nodejs_active_${what}_total`));

  const gauge = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });

  gauge('scopestream_frames_in_flight', 'Frames admitted and not ended yet.', readings.inFlight);
  gauge('scopestream_frames_waiting', 'Frames waiting for the model.', readings.waiting);
  gauge('scopestream_viewers', 'Connected viewers.', readings.viewers);
  gauge('scopestream_ladder_step', 'Step of the fidelity ladder: 0 is the best model.', () => readings.enhancer().step);
  gauge(
    'scopestream_recorder_written_bytes',
    'Bytes written to the present recording.',
    () => readings.recording().bytesWritten,
  );
  gauge('scopestream_disk_free_bytes', 'Free bytes on the recording disk.', () => readings.recording().freeBytes);
  gauge(
    'scopestream_disk_left_seconds',
    'Time until the recording disk is full at the present rate.',
    () => readings.recording().secondsLeft,
  );

  const measured = () => readings.quality()?.measured;
  const predicted = () => readings.quality()?.predicted;
  gauge(
    'scopestream_measured_photons',
    'Photo-electrons in bright pixels (p99) of the newest raw frame.',
    () => measured()?.photonsBright,
  );
  gauge('scopestream_measured_saturated_ratio', 'Share of saturated raw pixels.', () => measured()?.saturated);
  gauge(
    'scopestream_measured_focus_ratio',
    'Focus score over the best of the session.',
    () => measured()?.focusRelative,
  );
  gauge(
    'scopestream_measured_intensity_ratio',
    'Raw intensity over the start of the session.',
    () => measured()?.intensityKept,
  );
  gauge(
    'scopestream_predicted_upsnr_decibels',
    'PSNR of enhanced frames without ground truth.',
    () => predicted()?.uPsnr,
  );
  gauge(
    'scopestream_predicted_chi_squared_ratio',
    'Cross-frame chi-squared: 1 is as good as the truth.',
    () => predicted()?.chiSquared,
  );
  gauge(
    'scopestream_predicted_flagged_ratio',
    'Share of enhanced pixels that the raw frame contradicts.',
    () => predicted()?.flagged,
  );

  new Gauge({
    name: 'scopestream_model_info',
    help: 'The model at work; always 1.',
    labelNames: ['model', 'version', 'provider'],
    registers,
    collect() {
      const { modelId, modelVersion, provider } = readings.enhancer();
      this.reset();
      this.set({ model: modelId, version: modelVersion, provider }, 1);
    },
  });

  const byLabel = (name: string, help: string, read: (cells: CellReadings) => Readonly<Record<string, number>>) =>
    new Gauge({
      name,
      help,
      labelNames: ['label'],
      registers,
      collect() {
        this.reset();
        const cells = readings.cells();
        if (!cells) return;
        const counts = read(cells);
        cells.labels.forEach((label) => this.set({ label }, counts[label] ?? 0));
      },
    });
  byLabel('scopestream_cells', 'Cells in the newest look, by label.', ({ inView }) => inView);
  byLabel('scopestream_cells_counted', 'Cells of the session, each once, by label.', ({ counted }) => counted);

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Histogram({ name, help, labelNames, registers, buckets: LATENCY_BUCKETS });

  const metrics = {
    registry,
    arrived: counter('scopestream_frames_arrived_total', 'Frames that arrived.'),
    missing: counter('scopestream_frames_missing_total', 'Frames that a sender numbered and that never arrived.'),
    recorded: counter('scopestream_frames_recorded_total', 'Raw frames kept on disk.'),
    ended: counter('scopestream_frames_ended_total', 'Frames by where they ended.', ['end']),
    stageSeconds: histogram('scopestream_stage_seconds', 'Duration of each stage.', ['stage']),
    stageFaults: counter('scopestream_stage_faults_total', 'Failures of each stage.', ['stage']),
    latencySeconds: histogram('scopestream_frame_latency_seconds', 'Arrival to publication of enhanced frames.'),
    classifySeconds: histogram('scopestream_classify_seconds', 'Duration of a look at cells, from frame to cells.'),
    classifySkipped: counter('scopestream_classify_skipped_total', 'Frames that had no look of their own in time.', [
      'because',
    ]),
    cellFlips: counter('scopestream_cell_flips_total', 'Times that enhancement, not the cell, made the decision.'),
    assessSkipped: counter(
      'scopestream_assess_skipped_total',
      'Frames whose pixels were not measured, for want of time.',
      ['pixels'],
    ),
    shown: counter('scopestream_viewer_frames_total', 'Frames for viewers, over all viewers.', ['outcome']),
  };
  // Every series exists from the start, so that a rate over it is 0 and not absent.
  Object.keys(FRAME_ENDS).forEach((end) => metrics.ended.inc({ end }, 0));
  STAGES.forEach((stage) => metrics.stageFaults.inc({ stage }, 0));
  ['busy', 'late'].forEach((because) => metrics.classifySkipped.inc({ because }, 0));
  ['raw', 'predicted'].forEach((pixels) => metrics.assessSkipped.inc({ pixels }, 0));
  ['sent', 'skipped'].forEach((outcome) => metrics.shown.inc({ outcome }, 0));
  return metrics;
}
