import { describe, expect, it } from 'vitest';
import { SessionPace } from '../../server/sessionPace.ts';

describe('SessionPace', () => {
  it('lets ten sessions begin at once, and never more than ten within a minute', () => {
    const pace = new SessionPace();
    const begins: number[] = [];
    for (let nowMs = 0; begins.length < 60; nowMs = begins.at(-1)! + 1) begins.push(nowMs + pace.waitMs(nowMs));
    expect(begins.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (let first = 0; first + 10 < begins.length; first++) {
      expect(begins[first + 10]! - begins[first]!).toBeGreaterThanOrEqual(60_000);
    }
  });

  it('does not hold sessions that begin seldom', () => {
    const pace = new SessionPace();
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 6000) expect(pace.waitMs(nowMs)).toBe(0);
  });
});
