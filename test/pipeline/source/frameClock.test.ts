import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrameClock } from '../../../pipeline/source/frameClock.ts';

describe('frame clock', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  const { signal } = new AbortController();

  /** Time of each tick; the consumer takes `busyMs[i]` over frame i. */
  async function run(rate: number, busyMs: readonly number[]): Promise<number[]> {
    const clock = new FrameClock(rate);
    const startMs = performance.now();
    const times: number[] = [];
    for (const busy of busyMs) {
      const tick = clock.nextTick(signal);
      await vi.runAllTimersAsync();
      await tick;
      times.push(Math.round(performance.now() - startMs));
      vi.advanceTimersByTime(busy);
    }
    return times;
  }

  it('does not drift when every frame takes a part of the interval', async () => {
    expect(await run(20, [30, 49, 1, 20, 0])).toEqual([0, 50, 100, 150, 200]);
  });

  it('makes up for a frame that was a little late', async () => {
    expect(await run(20, [60, 0, 0])).toEqual([0, 60, 100]);
  });

  it('never bunches frames after a long pause', async () => {
    expect(await run(20, [500, 0, 0])).toEqual([0, 500, 550]);
  });

  it('does not wait when it is to be fast', async () => {
    await new FrameClock('fast').nextTick(signal);
  });
});
