import { describe, expect, it } from 'vitest';
import { BusyShare } from '../../../pipeline/record/busyShare.ts';

/** The share after `seconds` of tasks that take `workMs` of every `periodMs`. */
function shareAfter(seconds: number, workMs: number, periodMs: number, busy = new BusyShare(0)): number {
  for (let ms = 0; ms < seconds * 1000; ms += periodMs) busy.worked(ms + periodMs - workMs, ms + periodMs);
  return busy.share;
}

describe('busy share', () => {
  it.each([
    [5, 50, 0.1],
    [3, 5, 0.6],
    [4, 4, 1],
  ])('is work over time: %d ms of every %d ms', (workMs, periodMs, share) => {
    expect(shareAfter(10, workMs, periodMs)).toBeCloseTo(share, 2);
  });

  it('does not mind whether work comes in small pieces or large ones', () => {
    expect(shareAfter(10, 1, 2)).toBeCloseTo(shareAfter(10, 10, 20), 1);
  });
});
