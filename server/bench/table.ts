/** What a benchmark reports. */

import { availableParallelism, cpus, platform, totalmem } from 'node:os';

export interface Figure {
  /** `end to end, 20 frames/s` */
  readonly what: string;
  /** Measured values by name, with their unit: `{ 'latency p50': '21.3 ms' }`. */
  readonly values: Readonly<Record<string, string>>;
}

/** Names the machine: absolute figures mean nothing without it. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${memory} GiB, ${platform()}, Node ${process.versions.node}`;
}

export function asTable(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ what }) => what.length));
  return figures
    .map(({ what, values }) => {
      const cells = Object.entries(values).map(([name, value]) => `${name} ${value}`);
      return `${what.padEnd(width)}  ${cells.join('   ')}`;
    })
    .join('\n');
}

export function ms(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(1)} ms`;
}

export function perSecond(value: number): string {
  return `${value.toFixed(1)} frames/s`;
}

/** Busy share of the whole machine between two calls, in percent of one core: 200 % are two cores. */
export function processorMeter(): () => string {
  const read = () =>
    cpus().reduce(
      (sum, { times }) => ({
        idle: sum.idle + times.idle,
        all: sum.all + Object.values(times).reduce((a, b) => a + b),
      }),
      { idle: 0, all: 0 },
    );
  const before = read();
  return () => {
    const after = read();
    const busy = 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all);
    return `${Math.round(busy * availableParallelism() * 100)} %`;
  };
}
