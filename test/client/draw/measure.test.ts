import { describe, expect, it } from 'vitest';
import { distance, lineProfile, regionStatistics } from '../../../client/draw/measure.ts';
import { intensityAt, interpolatedIntensity, type Picture } from '../../../client/draw/picture.ts';

const plane = (
  sizeX: number,
  sizeY: number,
  magnification: number,
  value: (x: number, y: number) => number,
): Picture => ({
  sizeX,
  sizeY,
  samplesPerPixel: 1,
  data: Uint16Array.from(
    { length: sizeX * sizeY },
    (_, i) => value((i % sizeX) / magnification, Math.floor(i / sizeX) / magnification) * 10,
  ),
  intensityScale: 0.1,
  intensityOffset: 0,
  magnification,
  exact: true,
});

/** Linear, so that interpolation is exact and raw and enhanced must agree. */
const slope = (x: number, y: number): number => 100 + 4 * x + 2 * y;
const raw = plane(32, 24, 1, slope);
const enhanced = plane(64, 48, 2, slope);

describe('reading pictures', () => {
  it('raw and enhanced have the same intensity at the same place', () => {
    for (const [x, y] of [
      [0, 0],
      [5, 7],
      [31, 23],
    ] as const) {
      expect(intensityAt(raw, x, y)).toBeCloseTo(slope(x, y));
      expect(intensityAt(enhanced, x, y)).toBeCloseTo(slope(x, y));
      expect(interpolatedIntensity(enhanced, x, y)).toBeCloseTo(slope(x, y));
    }
    expect(interpolatedIntensity(raw, 5.5, 7.25)).toBeCloseTo(slope(5.5, 7.25));
  });

  it('lie over each other in colour too, where the edges align and no sample lies on a raw one', () => {
    const at = (m: number, j: number): number => (j + 0.5) / m - 0.5;
    const colour = (m: number): Picture => ({
      ...{ sizeX: 32 * m, sizeY: 24 * m, samplesPerPixel: 3, magnification: m, exact: true },
      ...{ intensityScale: 0.1, intensityOffset: 0 },
      data: Uint16Array.from({ length: 32 * 24 * m * m * 3 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        return Math.round(slope(at(m, pixel % (32 * m)), at(m, Math.floor(pixel / (32 * m)))) * 10);
      }),
    });
    for (const m of [2, 4]) {
      expect(interpolatedIntensity(colour(m), 5, 7)).toBeCloseTo(slope(5, 7), 0);
      expect(interpolatedIntensity(colour(m), 20.25, 3.5)).toBeCloseTo(slope(20.25, 3.5), 0);
      const pixel = { id: 1, kind: 'rectangle', from: { x: 4.5, y: 6.5 }, to: { x: 5.5, y: 7.5 } } as const;
      expect(regionStatistics(colour(m), pixel)).toMatchObject({ pixels: m * m, mean: expect.closeTo(slope(5, 7), 0) });
    }
  });

  it('a rectangle takes the samples whose centres are inside', () => {
    const shape = { id: 1, kind: 'rectangle', from: { x: 9.6, y: 5.4 }, to: { x: 4.5, y: 2.5 } } as const;
    const statistics = regionStatistics(raw, shape)!;
    expect(statistics.pixels).toBe(5 * 3);
    expect(statistics.mean).toBeCloseTo(slope(7, 4));
    expect(statistics.min).toBeCloseTo(slope(5, 3));
    expect(statistics.max).toBeCloseTo(slope(9, 5));
    expect(statistics.standardDeviation).toBeCloseTo(Math.sqrt(16 * 2 + 4 * (2 / 3)));
  });

  it('an ellipse takes pi r^2 of them', () => {
    const shape = { id: 1, kind: 'ellipse', from: { x: 2, y: 2 }, to: { x: 22, y: 22 } } as const;
    expect(regionStatistics(raw, shape)!.pixels).toBeCloseTo(Math.PI * 100, -1);
    expect(regionStatistics(enhanced, shape)!.mean).toBeCloseTo(slope(12, 12), 0);
  });

  it('a region outside the picture has no numbers', () => {
    const shape = { id: 1, kind: 'rectangle', from: { x: 90, y: 90 }, to: { x: 99, y: 99 } } as const;
    expect(regionStatistics(raw, shape)).toBeUndefined();
  });

  it('a profile has a value for each sample along the line', () => {
    const from = { x: 2, y: 3 };
    const to = { x: 12, y: 3 };
    expect(distance(from, to)).toBe(10);
    expect(lineProfile(raw, from, to)).toHaveLength(11);
    expect(lineProfile(enhanced, from, to)).toHaveLength(21);
    expect(lineProfile(raw, from, to)[4]).toBeCloseTo(slope(6, 3));
    expect(lineProfile(enhanced, from, to)[9]).toBeCloseTo(slope(6.5, 3));
    expect(lineProfile(raw, from, to, 2)).toHaveLength(21);
    expect(lineProfile(raw, from, to, 2)[9]).toBeCloseTo(slope(6.5, 3));
  });
});
