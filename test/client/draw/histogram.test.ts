import { describe, expect, it } from 'vitest';
import { AutoContrast, BINS, histogramOf, histogramTop, percentile } from '../../../client/draw/histogram.ts';
import type { Picture } from '../../../client/draw/picture.ts';

function picture(values: readonly number[], intensityScale = 1, intensityOffset = 0): Picture {
  const data = Uint16Array.from(values);
  return {
    sizeX: values.length,
    sizeY: 1,
    samplesPerPixel: 1,
    data,
    intensityScale,
    intensityOffset,
    magnification: 1,
    exact: true,
  };
}

const ramp = picture(Array.from({ length: 4096 }, (_, i) => i));

describe('histograms', () => {
  it('count every pixel, in raw units', () => {
    const { counts } = histogramOf(ramp, 4096);
    expect([...counts]).toEqual(new Array(BINS).fill(4));
    const stored = picture([0, 16, 160], 1 / 16, 100);
    const seen = histogramOf(stored, 1024).counts;
    expect([seen[100], seen[101], seen[110]]).toEqual([1, 1, 1]);
  });

  it('take what is outside into the outermost bins', () => {
    const { counts } = histogramOf(picture([0, 60_000], 1, -10), 1024);
    expect(counts[0]).toBe(1);
    expect(counts[BINS - 1]).toBe(1);
  });

  it('give percentiles', () => {
    const histogram = histogramOf(ramp, 4096);
    for (const share of [0.01, 0.5, 0.99])
      expect(Math.abs(percentile(histogram, share) - 4096 * share)).toBeLessThan(2);
  });

  it('have an axis that only grows', () => {
    expect(histogramTop(picture([3, 200]), 0)).toBe(256);
    expect(histogramTop(picture([3, 255]), 0)).toBe(256);
    expect(histogramTop(picture([3, 256]), 0)).toBe(512);
    expect(histogramTop(picture([3, 20]), 4096)).toBe(4096);
  });
});

describe('automatic contrast', () => {
  const noisy = (level: number, seed: number): Picture =>
    picture(Array.from({ length: 5000 }, (_, i) => level + ((i * 7919 + seed * 104_729) % 400)));

  it('does not flicker with noise', () => {
    const contrast = new AutoContrast();
    const windows = Array.from({ length: 100 }, (_, frame) =>
      contrast.update(histogramOf(noisy(1000, frame), 4096), frame * 250).join(),
    );
    expect(new Set(windows).size).toBe(1);
  });

  it('follows a lasting change, and not a single frame', () => {
    const contrast = new AutoContrast();
    const before = contrast.update(histogramOf(noisy(500, 1), 4096), 0);
    for (let frame = 1; frame < 20; frame++) contrast.update(histogramOf(noisy(500, frame), 4096), frame * 50);
    let last = before;
    for (let frame = 20; frame < 400; frame++)
      last = contrast.update(histogramOf(noisy(2500, frame), 4096), frame * 50);
    expect(last[0]).toBeGreaterThan(2400);
    expect(last[1]).toBeLessThan(2950);
  });

  it('is never empty', () => {
    const [low, high] = new AutoContrast().update(histogramOf(picture([7, 7, 7]), 256), 0);
    expect(high).toBeGreaterThan(low);
  });
});
