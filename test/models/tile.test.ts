import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paddedSize, planSpans, reflect, runTiled } from '../../models/tile.ts';
import { worstDifference } from './fixtures/worstDifference.ts';

const sizes = fc.oneof(
  fc.record({ min: fc.integer({ min: 1, max: 40 }), step: fc.integer({ min: 1, max: 16 }) }),
  fc.record({ min: fc.integer({ min: 24, max: 60 }), step: fc.constant(0) }),
);

describe('planSpans', () => {
  it('keeps every pixel once, each at least a halo inside its tile', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 48, max: 128 }),
        (allowed, wanted, halo, limit) => {
          const length = paddedSize(wanted, allowed);
          const spans = planSpans(length, limit, halo, allowed);
          let kept = 0;
          for (const { start, size, keepFrom, keepTo } of spans) {
            expect(keepFrom).toBe(kept);
            expect(keepTo).toBeGreaterThan(keepFrom);
            expect(start).toBeGreaterThanOrEqual(0);
            expect(start + size).toBeLessThanOrEqual(length);
            expect(start === 0 ? halo : keepFrom - start).toBeGreaterThanOrEqual(halo);
            expect(start + size === length ? halo : start + size - keepTo).toBeGreaterThanOrEqual(halo);
            expect(size).toBe(paddedSize(size, allowed));
            expect(size).toBeLessThanOrEqual(Math.max(limit + allowed.step, allowed.min));
            if (allowed.step > 0) expect(start % allowed.step).toBe(0);
            kept = keepTo;
          }
          expect(kept).toBe(length);
        },
      ),
    );
  });

  it('says so when a tile is nothing but halo', () => {
    expect(() => planSpans(100, 1000, 10, { min: 20, step: 0 })).toThrow(/too small for a halo of 10/);
  });
});

it('reflects without repeating the border', () => {
  expect([-2, -1, 0, 1, 2, 3, 4, 5].map((position) => reflect(position, 4))).toEqual([2, 1, 0, 1, 2, 3, 2, 1]);
  expect(reflect(-3, 1)).toBe(0);
});

/** A model with a reach of 2 pixels that replicates its borders and doubles each pixel. */
async function boxModel(tile: Float32Array, sizeX: number, sizeY: number): Promise<Float32Array> {
  const at = (x: number, y: number) =>
    tile[Math.min(Math.max(y, 0), sizeY - 1) * sizeX + Math.min(Math.max(x, 0), sizeX - 1)];
  return Float32Array.from({ length: 4 * sizeX * sizeY }, (_, i) => {
    const x = Math.floor((i % (2 * sizeX)) / 2);
    const y = Math.floor(i / (2 * sizeX) / 2);
    let sum = 0;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) sum += at(x + dx, y + dy);
    return sum;
  });
}

describe('runTiled', () => {
  it('gives the same picture with tiles and without', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 20, max: 40 }),
        async (sizeX, sizeY, limit) => {
          const plane = Float32Array.from({ length: sizeX * sizeY }, (_, i) => (i * 7919) % 1000);
          const axis = { min: 8, step: 4 };
          const geometry = { sizeX: axis, sizeY: axis, halo: 2, magnification: 2, samplesPerPixel: 1 } as const;
          const scratch = (length: number) => new Float32Array(length);
          const whole = await runTiled([plane], sizeX, sizeY, geometry, 1000, scratch, boxModel);
          const tiled = await runTiled([plane], sizeX, sizeY, geometry, limit, scratch, boxModel);
          expect(whole.tiles).toBe(1);
          expect(worstDifference(tiled.data, whole.data)).toBe(0);
          expect(tiled.data).toHaveLength(4 * sizeX * sizeY);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('hands a frame that fits to the model without a copy', async () => {
    const plane = new Float32Array(64);
    const axis = { min: 8, step: 4 };
    const seen: Float32Array[] = [];
    await runTiled(
      [plane],
      8,
      8,
      { sizeX: axis, sizeY: axis, halo: 2, magnification: 1, samplesPerPixel: 1 },
      64,
      () => plane,
      async (tile) => {
        seen.push(tile);
        return tile;
      },
    );
    expect(seen[0]).toBe(plane);
  });
});
