import { describe, expect, it } from 'vitest';
import { LinkQuality } from '../../../client/state/linkQuality.ts';

/** Frames each `everyMs` of which `missed` more were passed over, until `untilMs`. */
function run(
  link: LinkQuality,
  fromMs: number,
  untilMs: number,
  missed: number,
  {
    drawingMs = 5,
    overtaken = 0,
    lateMs = 0,
    everyMs = 100,
    trip = () => 2 * everyMs,
  }: {
    drawingMs?: number;
    overtaken?: number;
    lateMs?: number;
    everyMs?: number;
    trip?: (nowMs: number) => number;
  } = {},
): void {
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += everyMs)
    link.painted({ missed, overtaken, drawingMs, lateMs, roundTripMs: trip(nowMs), nowMs });
}

describe('the quality of the link', () => {
  it('a link that carries most frames stays at full depth', () => {
    const link = new LinkQuality();
    run(link, 0, 20_000, 0.5);
    expect(link.thin).toBe(false);
  });

  it('a thin link is found within seconds, and full depth tried again later', () => {
    const link = new LinkQuality();
    run(link, 0, 9600, 9, { everyMs: 500 });
    expect(link.thin).toBe(true);
    run(link, 9600, 66_000, 0);
    expect(link.thin).toBe(true);
    run(link, 66_000, 72_000, 0);
    expect(link.thin).toBe(false);
    run(link, 72_000, 82_000, 9, { everyMs: 500 });
    expect(link.thin).toBe(true);
    run(link, 82_000, 180_000, 0);
    expect(link.thin).toBe(true);
  });

  it('does not blame the link for a few seconds in which the computer was busy', () => {
    const link = new LinkQuality();
    for (let fromMs = 0; fromMs < 60_000; fromMs += 10_000) {
      run(link, fromMs, fromMs + 5000, 4);
      run(link, fromMs + 5000, fromMs + 10_000, 4, { trip: () => 6 });
      expect(link.thin).toBe(false);
    }
  });

  it('goes back to full depth where JPEG brings no more frames, and waits longer before it tries again', () => {
    const link = new LinkQuality();
    run(link, 0, 9000, 4);
    expect(link.thin).toBe(true);
    run(link, 9000, 19_000, 4);
    expect(link.thin).toBe(false);
    run(link, 19_000, 70_000, 4);
    expect(link.thin).toBe(false);
    run(link, 70_000, 82_000, 4);
    expect(link.thin).toBe(true);
  });

  it('does not blame the link for a computer that is busy: some trips are short', () => {
    const link = new LinkQuality();
    run(link, 0, 10_000, 4, { trip: (nowMs) => (nowMs % 2000 === 0 ? 8 : 400) });
    expect(link.thin).toBe(false);
  });

  it('does not blame the link for a page that has no time: its timers are late', () => {
    const link = new LinkQuality();
    run(link, 0, 10_000, 4, { lateMs: 30 });
    expect(link.thin).toBe(false);
    expect(link.drawsSlowly).toBe(true);
  });

  it('does not blame the link for slow drawing', () => {
    const link = new LinkQuality();
    run(link, 0, 10_000, 4, { drawingMs: 90, trip: () => 3 });
    expect(link.thin).toBe(false);
    expect(link.drawsSlowly).toBe(true);
    run(link, 10_000, 20_000, 0);
    expect(link.drawsSlowly).toBe(false);
  });

  it('does not blame a link that brings more than is drawn', () => {
    const link = new LinkQuality();
    run(link, 0, 10_000, 4, { overtaken: 2, trip: () => 3 });
    expect(link.thin).toBe(false);
    expect(link.drawsSlowly).toBe(true);
  });

  it('blames nobody when the service sends fewer than come', () => {
    const link = new LinkQuality();
    run(link, 0, 10_000, 4, { trip: () => 3 });
    expect(link.thin).toBe(false);
    expect(link.drawsSlowly).toBe(false);
  });

  it('finds a link that brings a frame in three seconds, on a page that draws slowly too', () => {
    const link = new LinkQuality();
    for (let nowMs = 0; nowMs < 10_000; nowMs += 3000)
      link.painted({
        missed: 59,
        overtaken: 0,
        drawingMs: 400,
        lateMs: 0,
        roundTripMs: nowMs > 0 ? 5200 : undefined,
        nowMs,
      });
    expect(link.thin).toBe(true);
  });

  it('says nothing about a time without frames', () => {
    const link = new LinkQuality();
    run(link, 0, 3000, 4);
    link.paused();
    run(link, 100_000, 103_000, 4);
    expect(link.thin).toBe(false);
  });
});
