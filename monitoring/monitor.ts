import type { CellsSkipped } from '../pipeline/frame.ts';
import type { LedgerRow } from '../pipeline/ledger.ts';
import type { Monitor, StageName } from '../pipeline/ports.ts';
import { messageOf } from '../pipeline/errors.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { SecondWindow } from './secondWindow.ts';

/** Watches the path: feeds Prometheus, the one-second window that viewers see, and the log. */
export class PathMonitor implements Monitor {
  readonly window = new SecondWindow();
  readonly #metrics: Metrics;
  readonly #log: Logger;
  #inFlight = 0;
  #waiting = 0;

  constructor(metrics: Metrics, log: Logger) {
    this.#metrics = metrics;
    this.#log = log;
  }

  get framesInFlight(): number {
    return this.#inFlight;
  }

  get framesWaiting(): number {
    return this.#waiting;
  }

  arrived(): void {
    this.#metrics.arrived.inc();
    this.window.arrived += 1;
  }

  missing(count: number, reason: string): void {
    this.#metrics.missing.inc(count);
    this.window.missing += count;
    this.window.missingReason = reason;
  }

  stageDone(stage: StageName, ms: number): void {
    this.#metrics.stageSeconds.observe({ stage }, ms / 1000);
    this.window.stage(stage, ms);
  }

  stageFailed(stage: StageName, frameName: string, error: unknown): void {
    this.#metrics.stageFaults.inc({ stage });
    this.window.fault(stage, `${frameName}: ${messageOf(error)}`);
  }

  ended(row: LedgerRow): void {
    this.#metrics.ended.inc({ end: row.end });
    if (row.recorded) {
      this.#metrics.recorded.inc();
      this.window.recorded += 1;
    }
    this.window.ended[row.end] = (this.window.ended[row.end] ?? 0) + 1;
    if (row.end === 'enhanced' && row.meta) {
      const latencyMs = Math.max(0, row.endedMs - row.meta.arrivedMs);
      this.#metrics.latencySeconds.observe(latencyMs / 1000);
      this.window.latency(latencyMs);
    }
  }

  /** A look at cells took so long, from the frame to its cells, and found so many flips. */
  cellsLooked(ms: number, flips: number): void {
    this.#metrics.classifySeconds.observe(ms / 1000);
    this.#metrics.cellFlips.inc(flips);
    this.window.looks += 1;
  }

  cellsPassedOver(because: CellsSkipped): void {
    this.#metrics.classifySkipped.inc({ because });
    this.window.passedOver += 1;
  }

  /** The pixels of a frame were not measured, for want of time. */
  assessSkipped(pixels: 'raw' | 'predicted'): void {
    this.#metrics.assessSkipped.inc({ pixels });
    if (pixels === 'raw') this.window.unmeasured += 1;
  }

  /** A frame went to a viewer, or a busy one did not get it. */
  viewed(outcome: 'sent' | 'skipped'): void {
    this.#metrics.shown.inc({ outcome });
    if (outcome === 'skipped') this.window.skippedByViewers += 1;
  }

  inFlight(frames: number, waiting: number): void {
    this.#inFlight = frames;
    this.#waiting = waiting;
  }

  /** Says in one line a second what was passed over or failed, and which stage is the slow one. Quiet when all is well. */
  logSecond(): void {
    const { window } = this;
    for (const [stage, { count, last }] of window.faults) {
      this.#log.warn({ stage, count, last }, `${stage} failed in the last second: ${count}`);
    }
    if (window.missing > 0) {
      this.#log.warn({ count: window.missing, last: window.missingReason }, 'frames never arrived');
    }
    if (window.skippedByViewers > 0) {
      const skipped = window.skippedByViewers;
      this.#log.info({ skipped }, `frames that busy viewers did not get in the last second: ${skipped}`);
    }
    const superseded = window.ended.superseded ?? 0;
    if (superseded === 0) return;
    const slowest = window.slowestStage();
    this.#log.info(
      { superseded, arrived: window.arrived, slowStage: slowest?.stage, slowStageMs: slowest?.ms },
      `frames kept raw but not enhanced in the last second: ${superseded}; ${slowest?.stage ?? 'enhance'} is the slow stage`,
    );
  }
}
