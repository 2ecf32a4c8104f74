import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepRule } from '../../../models/enhancer/stepRule.ts';

const settings = { steps: 4, faultsInARow: 3, lateInARow: 10, lateForMs: 5_000, holdMs: 10_000 };
const INTERVAL_MS = 50;

/** A stream of frames in which step k takes msOf(k, now) or faults. Returns the step of each frame. */
function play(
  frames: number,
  work: (step: number, nowMs: number) => number | 'fault',
  rule = new StepRule(settings),
  intervalMs: number | undefined = INTERVAL_MS,
): number[] {
  return Array.from({ length: frames }, (_, i) => {
    const nowMs = i * INTERVAL_MS;
    const step = rule.stepAt(nowMs);
    const outcome = work(step, nowMs);
    if (outcome === 'fault') rule.failed(step, 'it broke', nowMs);
    else rule.succeeded(step, outcome, intervalMs, nowMs);
    return step;
  });
}

const changes = (steps: readonly number[]) => steps.filter((step, i) => i > 0 && step !== steps[i - 1]).length;

describe('the fidelity ladder', () => {
  it('stays on the best step while it keeps up', () => {
    expect(changes(play(1000, () => 40))).toBe(0);
  });

  it('goes down after a run of late frames, not after one', () => {
    const rule = new StepRule(settings);
    expect(changes(play(100, (_, nowMs) => (nowMs === 2000 ? 200 : 20), rule))).toBe(0);
    const late = new StepRule(settings);
    expect(play(11, (step) => (step === 0 ? 61 : 10), late)[10]).toBe(1);
    expect(late.because).toBe('late: 61 ms a frame against 50 ms');
  });

  it('does not wait for many frames of a model that takes seconds, and does not swing back to it soon', () => {
    const rule = new StepRule(settings);
    let nowMs = 0;
    const at: number[] = [];
    while (nowMs < 120_000) {
      const step = rule.stepAt(nowMs);
      if (step === 0) at.push(nowMs);
      const ms = step === 0 ? 6000 : 10;
      nowMs += Math.max(ms, INTERVAL_MS);
      rule.succeeded(step, ms, INTERVAL_MS, nowMs);
    }
    // Two frames of six seconds each, then the quiet times of 10 s, 20 s and 40 s.
    expect(at).toEqual([0, 6000, 22_000, 28_000, 54_000, 60_000, 106_000, 112_000]);
  });

  it('never goes down for lateness when the source waits', () => {
    const rule = new StepRule(settings);
    for (let i = 0; i < 1000; i++) rule.succeeded(rule.stepAt(i * 500), 400, undefined, i * 500);
    expect(rule.step).toBe(0);
  });

  it('goes down after faults in a row, and says which', () => {
    const rule = new StepRule(settings);
    expect(play(3, () => 'fault', rule)).toEqual([0, 0, 0]);
    expect(rule.step).toBe(1);
    expect(rule.because).toBe('3 faults in a row: it broke');
    let n = 0;
    expect(changes(play(300, () => (n++ % 3 === 2 ? 10 : 'fault')))).toBe(0); // Two in a row, then one that works.
  });

  it('comes back after a quiet time', () => {
    const steps = play(400, (step, nowMs) => (step === 0 && nowMs < 1000 ? 'fault' : 10));
    expect(steps[3]).toBe(1);
    expect(steps.at(-1)).toBe(0);
    expect(changes(steps)).toBe(2);
  });

  it('tries ever more rarely what does not last', () => {
    const hour = 72_000;
    const steps = play(hour, (step) => (step === 0 ? 200 : 10));
    expect(changes(steps)).toBeLessThan(40);
    expect(steps.filter((step) => step === 0).length / hour).toBeLessThan(0.01);
  });

  it('stays in its range and ends at the best step when all is well again, whatever came before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant('fault' as const), fc.integer({ min: 1, max: 300 })), { maxLength: 400 }),
        (past) => {
          const rule = new StepRule(settings);
          const steps = play(past.length, (_, nowMs) => past[nowMs / INTERVAL_MS], rule);
          expect(steps.every((step) => step >= 0 && step < settings.steps)).toBe(true);
          let nowMs = past.length * INTERVAL_MS;
          for (let i = 0; i < 4 * 300_000; i += 1000, nowMs += 1000) {
            rule.succeeded(rule.stepAt(nowMs), 10, INTERVAL_MS, nowMs);
          }
          expect(rule.step).toBe(0);
          expect(rule.because).toBe('best');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has nowhere to go below its last step', () => {
    const rule = new StepRule({ ...settings, steps: 1 });
    play(100, () => 'fault', rule);
    expect(rule.step).toBe(0);
  });
});
