import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMetrics, type Readings } from '../../monitoring/metrics.ts';
import { PathMonitor } from '../../monitoring/monitor.ts';
import { createLogger, type Logger } from '../../monitoring/logger.ts';
import { percentilesOf } from '../../monitoring/secondWindow.ts';
import type { LedgerRow } from '../../pipeline/ledger.ts';

const FOLDER = join(import.meta.dirname, '../../monitoring');
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

const readings: Readings = {
  inFlight: () => 2,
  waiting: () => 1,
  viewers: () => 3,
  enhancer: () => ({
    modelId: 'm',
    modelVersion: '1',
    provider: 'cpu',
    refusals: {},
    step: 0,
    steps: ['m'],
    because: 'best',
    state: 'ready',
  }),
  recording: () => ({ state: 'recording', rawFrames: 1, enhancedFrames: 1, bytesWritten: 10, freeBytes: 20 }),
  quality: () => undefined,
  cells: () => ({ labels: ['neutrophil', 'unsure'], inView: { neutrophil: 2 }, counted: { neutrophil: 7, unsure: 1 } }),
};

const row = (end: LedgerRow['end']): LedgerRow => ({
  sequence: 0,
  end,
  name: 'a',
  recorded: true,
  times: {},
  endedMs: 1040,
  meta: { sequence: 0, index: { t: 0, c: 0, z: 0 }, name: 'a', arrivedMs: 1000, completedBy: 'test' },
});

describe('metrics', () => {
  it('count what was not measured and what busy viewers did not get, and the log says so once a second', async () => {
    const logged: string[] = [];
    const log = { info: (_: object, text: string) => void logged.push(text) } as unknown as Logger;
    const metrics = createMetrics(readings);
    const monitor = new PathMonitor(metrics, log);
    monitor.assessSkipped('raw');
    monitor.assessSkipped('predicted');
    for (const outcome of ['sent', 'skipped', 'skipped'] as const) monitor.viewed(outcome);
    const text = await metrics.registry.metrics();
    expect(text).toContain('scopestream_assess_skipped_total{pixels="raw"} 1');
    expect(text).toContain('scopestream_assess_skipped_total{pixels="predicted"} 1');
    expect(text).toContain('scopestream_viewer_frames_total{outcome="skipped"} 2');
    expect(monitor.window.unmeasured).toBe(1);
    monitor.logSecond();
    expect(logged).toEqual(['frames that busy viewers did not get in the last second: 2']);
    monitor.window.reset();
    monitor.logSecond();
    expect(logged).toHaveLength(1);
  });

  it('count frames by where they end, and time what was enhanced', async () => {
    const metrics = createMetrics(readings);
    const monitor = new PathMonitor(metrics, createLogger('silent'));
    monitor.arrived();
    monitor.stageDone('decode', 2);
    monitor.ended(row('enhanced'));
    monitor.ended(row('superseded'));
    monitor.stageFailed('enhance', 'a', new Error('NaN'));
    const text = await metrics.registry.metrics();
    expect(text).toContain('scopestream_frames_ended_total{end="enhanced"} 1');
    expect(text).toContain('scopestream_frames_ended_total{end="superseded"} 1');
    expect(text).toContain('scopestream_frames_ended_total{end="corrupt"} 0');
    expect(text).toContain('scopestream_stage_seconds_sum{stage="decode"} 0.002');
    expect(text).toContain('scopestream_frame_latency_seconds_sum 0.04');
    expect(text).toContain('scopestream_model_info{model="m",version="1",provider="cpu"} 1');
    expect(monitor.window.latencyMs()).toEqual({ p50: 40, p95: 40, max: 40 });
    expect(monitor.window.faults.get('enhance')).toEqual({ count: 1, last: 'a: NaN' });
  });

  it('count cells by label, looks and flips', async () => {
    const metrics = createMetrics(readings);
    const monitor = new PathMonitor(metrics, createLogger('silent'));
    monitor.cellsLooked(40, 1);
    monitor.cellsPassedOver('late');
    const text = await metrics.registry.metrics();
    expect(text).toContain('scopestream_cells{label="neutrophil"} 2');
    expect(text).toContain('scopestream_cells{label="unsure"} 0');
    expect(text).toContain('scopestream_cells_counted{label="neutrophil"} 7');
    expect(text).toContain('scopestream_classify_seconds_sum 0.04');
    expect(text).toContain('scopestream_classify_skipped_total{because="late"} 1');
    expect(text).toContain('scopestream_classify_skipped_total{because="busy"} 0');
    expect(text).toContain('scopestream_cell_flips_total 1');
    expect(monitor.window).toMatchObject({ looks: 1, passedOver: 1 });
  });

  it('leave out what cannot be measured instead of showing a made-up number', async () => {
    const text = await createMetrics(readings).registry.metrics();
    expect(text).not.toMatch(/^scopestream_predicted_upsnr_decibels \S/m);
  });

  it.skipIf(!hasPromtool)('are clean for promtool', async () => {
    const text = await createMetrics(readings).registry.metrics();
    const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect(check.stdout + check.stderr).toBe('');
    expect(check.status).toBe(0);
  });

  it.skipIf(!hasPromtool)(
    'have rules that promtool accepts and a dashboard that asks for metrics that exist',
    async () => {
      expect(() => execFileSync('promtool', ['check', 'rules', join(FOLDER, 'prometheus/rules.yml')])).not.toThrow();
      const text = await createMetrics(readings).registry.metrics();
      const rules = readFileSync(join(FOLDER, 'prometheus/rules.yml'), 'utf8');
      const dashboard = readFileSync(join(FOLDER, 'grafana/scopestream.json'), 'utf8');
      const asked = new Set([...(rules + dashboard).matchAll(/\bscopestream_[a-z_]+/g)].map(([name]) => name));
      const unknown = [...asked].filter((name) => !text.includes(name.replace(/_bucket$/, '')));
      expect(unknown).toEqual([]);
    },
  );
});

describe('percentilesOf', () => {
  it('uses the nearest rank', () => {
    expect(percentilesOf([5, 1, 3, 2, 4])).toEqual({ p50: 3, p95: 5, max: 5 });
    expect(percentilesOf([])).toBeUndefined();
  });
});
