import { describe, expect, it } from 'vitest';
import { CanvasDensity } from '../../../client/state/canvasDensity.ts';

/** Paints every `everyMs`, with `missed` frames passed over before each. */
function run(density: CanvasDensity, fromMs: number, untilMs: number, everyMs: number, missed: number): void {
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += everyMs) density.painted(missed, nowMs);
}

describe('the density of the canvas', () => {
  it('goes down in steps while frames are missed, and no further than half', () => {
    const density = new CanvasDensity();
    run(density, 0, 4100, 100, 1);
    expect(density.value).toBe(0.7);
    run(density, 4100, 20_000, 100, 1);
    expect(density.value).toBe(0.5);
  });

  it('stays where it is once frames keep up', () => {
    const density = new CanvasDensity();
    run(density, 0, 4100, 100, 1);
    run(density, 4100, 60_000, 50, 0);
    expect(density.value).toBe(0.7);
  });

  it('is full where more frames come than a screen can show', () => {
    const density = new CanvasDensity();
    run(density, 0, 20_000, 16, 3);
    expect(density.value).toBe(1);
  });

  it('is full again when there is another amount to draw', () => {
    const density = new CanvasDensity();
    run(density, 0, 4100, 100, 1);
    density.restart();
    expect(density.value).toBe(1);
    run(density, 50_000, 52_500, 100, 1);
    expect(density.value).toBe(1);
  });
});
