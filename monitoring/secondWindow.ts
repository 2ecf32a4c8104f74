import type { FrameEnd } from '../pipeline/ledger.ts';
import type { StageName } from '../pipeline/ports.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** What happened since the last `reset`, which comes once a second. Bounded: a second holds at most some thousand frames. */
export class SecondWindow {
  arrived = 0;
  missing = 0;
  /** Of the last gap. */
  missingReason = '';
  recorded = 0;
  /** Looks at cells that ended, and frames that had none of their own in time. */
  looks = 0;
  passedOver = 0;
  /** Frames whose raw pixels were not measured, for want of time. */
  unmeasured = 0;
  /** Frames that viewers did not get because they were busy, over all viewers. */
  skippedByViewers = 0;
  ended: Partial<Record<FrameEnd, number>> = {};
  readonly faults = new Map<StageName, { count: number; last: string }>();
  readonly #stages = new Map<StageName, number[]>();
  #latencies: number[] = [];

  stage(stage: StageName, ms: number): void {
    const durations = this.#stages.get(stage);
    if (durations) durations.push(ms);
    else this.#stages.set(stage, [ms]);
  }

  fault(stage: StageName, last: string): void {
    this.faults.set(stage, { count: (this.faults.get(stage)?.count ?? 0) + 1, last });
  }

  latency(ms: number): void {
    this.#latencies.push(ms);
  }

  latencyMs(): Percentiles | undefined {
    return percentilesOf(this.#latencies);
  }

  /** ms by stage; stages that did nothing are absent. */
  stageMs(): Record<string, Percentiles> {
    return Object.fromEntries(
      [...this.#stages].map(([stage, durations]) => [stage, percentilesOf(durations) as Percentiles]),
    );
  }

  /** The stage with the longest median. */
  slowestStage(): { stage: string; ms: number } | undefined {
    const [slowest] = Object.entries(this.stageMs()).sort(([, a], [, b]) => b.p50 - a.p50);
    return slowest && { stage: slowest[0], ms: slowest[1].p50 };
  }

  reset(): void {
    this.arrived = this.missing = this.recorded = this.looks = this.passedOver = 0;
    this.unmeasured = this.skippedByViewers = 0;
    this.ended = {};
    this.faults.clear();
    this.#stages.clear();
    this.#latencies = [];
  }
}

/** Nearest-rank percentiles; undefined for an empty list. */
export function percentilesOf(values: readonly number[]): Percentiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number;
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) as number };
}
