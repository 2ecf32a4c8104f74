import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Plane } from '../../../pipeline/frame.ts';
import { crop, reduce } from '../../../pipeline/record/region.ts';

const grey = (sizeX: number, sizeY: number): Plane => ({
  sizeX,
  sizeY,
  samplesPerPixel: 1,
  pixelType: 'uint16',
  data: Uint16Array.from({ length: sizeX * sizeY }, (_, k) => k),
});

describe('crop', () => {
  it('takes a part, cut to the plane', () => {
    expect([...crop(grey(4, 3), { x: 1, y: 1, width: 2, height: 9 }).data]).toEqual([5, 6, 9, 10]);
    expect(crop(grey(4, 3), { x: -5, y: 90, width: 100, height: 1 })).toMatchObject({ sizeX: 4, sizeY: 1 });
  });
});

describe('reduce', () => {
  it('takes means, also at the edges', () => {
    expect([...reduce(grey(3, 3), 2).data]).toEqual([2, 4, 7, 8]);
  });

  it('keeps the mean of a plane that divides evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), (size, factor) => {
        const data = Float32Array.from({ length: (size * factor) ** 2 }, (_, k) => Math.sin(k));
        const plane: Plane = {
          sizeX: size * factor,
          sizeY: size * factor,
          samplesPerPixel: 1,
          pixelType: 'float32',
          data,
        };
        const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
        expect(mean(reduce(plane, factor).data)).toBeCloseTo(mean(data), 5);
      }),
      { numRuns: 30 },
    );
  });
});
