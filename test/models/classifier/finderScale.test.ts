import { expect, it } from 'vitest';
import type { CellFinder } from '../../../models/classifier/cellPackage.ts';
import { finderScaleFor } from '../../../models/classifier/finderScale.ts';

const finder = { kinds: ['white cell'], maxPixels: 4_000_000, trainedDiameterPx: [50, 200] } as unknown as CellFinder;
const frame = { sizeX: 640, sizeY: 480 };

it('leaves a frame as it is while nothing is known of its cells, or they are of a good size', () => {
  expect(finderScaleFor(finder, frame)).toBe(1);
  expect(finderScaleFor(finder, { ...frame, foundDiameterPx: 90 })).toBe(1);
  expect(finderScaleFor(finder, { ...frame, physicalSizeX: 0.13 })).toBe(1);
});

it('brings large cells to the middle of what the finder was trained with, and small ones into it', () => {
  expect(finderScaleFor(finder, { ...frame, foundDiameterPx: 200 })).toBeCloseTo(0.5);
  expect(finderScaleFor(finder, { ...frame, foundDiameterPx: 40 })).toBeCloseTo(1.25);
  // 13 um at 0.065 um a pixel; what was found does not matter then.
  expect(finderScaleFor(finder, { ...frame, physicalSizeX: 0.065, foundDiameterPx: 40 })).toBeCloseTo(0.5);
  expect(finderScaleFor(finder, { ...frame, foundDiameterPx: 1 })).toBeLessThanOrEqual(4);
});

it('makes a frame smaller that is larger than the finder takes', () => {
  expect(finderScaleFor(finder, { sizeX: 4000, sizeY: 4000 })).toBeCloseTo(0.5);
});
