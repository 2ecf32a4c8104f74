import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsFromPeaks } from '../../../models/classifier/finder/boxes.ts';
import { outlineOf, simplified } from '../../../models/classifier/finder/contour.ts';
import { regionsOf } from '../../../models/classifier/finder/regions.ts';

describe('cells from peaks', () => {
  const RULE = { kinds: ['white cell', 'red cell'], thresholds: [0.5, 0.3], overlap: 0.5 };
  /** One row of places, each with a probability of both kinds and a box. */
  const found = (places: readonly { white?: number; red?: number; box: readonly number[] }[]) => {
    const dims = [1, 2, 1, places.length];
    const peaks = Float32Array.from([...places.map(({ white = 0 }) => white), ...places.map(({ red = 0 }) => red)]);
    const boxes = Float32Array.from([0, 1, 2, 3].flatMap((side) => places.map(({ box }) => box[side])));
    return cellsFromPeaks({ data: peaks, dims }, { data: boxes, dims: [1, 4, 1, places.length] }, RULE);
  };

  it('takes what is probable enough for its kind', () => {
    const box = [0, 0, 10, 10];
    const far = [100, 0, 10, 10];
    expect(
      found([
        { white: 0.6, box },
        { white: 0.4, red: 0.35, box: far },
      ]),
    ).toEqual([
      { kind: 'white cell', confidence: expect.closeTo(0.6), box: { x: 0, y: 0, width: 10, height: 10 } },
      { kind: 'red cell', confidence: expect.closeTo(0.35), box: { x: 100, y: 0, width: 10, height: 10 } },
    ]);
  });

  it('takes two boxes at one place for one cell, whatever their kinds', () => {
    const cells = found([
      { red: 0.6, box: [0, 0, 10, 10] },
      { white: 0.9, box: [1, 0, 10, 10] },
      { white: 0.8, box: [8, 0, 10, 10] },
    ]);
    expect(cells.map(({ kind, box }) => [kind, box.x])).toEqual([
      ['white cell', 1],
      ['white cell', 8],
    ]);
  });
});

/** `#` inside, `+` inside but not sure enough to begin a cell, `|` a rim inside. */
function mapsOf(lines: readonly string[]) {
  const text = lines.join('');
  const value = (of: Record<string, number>) => Float32Array.from(text, (letter) => of[letter] ?? 0);
  return {
    ...{ sizeX: lines[0].length, sizeY: lines.length },
    foreground: value({ '#': 0.95, '+': 0.6, '|': 0.9 }),
    boundary: value({ '|': 0.8 }),
  };
}

const RULE = { threshold: 0.5, seedThreshold: 0.7, minAreaPx: 4 };

describe('regions', () => {
  it('divides touching cells at the rim between them, and gives the rim away', () => {
    const { regions, labels } = regionsOf(mapsOf(['.......', '.##|##.', '.##|##.', '.......']), RULE);
    expect(regions).toHaveLength(2);
    expect(regions.reduce((sum, { areaPx }) => sum + areaPx, 0)).toBe(10);
    expect(labels[7 + 1]).not.toBe(labels[7 + 5]);
  });

  it('grows over what is inside, begins nowhere that is not sure, and drops specks', () => {
    const { regions } = regionsOf(mapsOf(['#.......', '...+++..', '...+##..', '......++']), RULE);
    expect(regions).toEqual([
      expect.objectContaining({
        areaPx: 6,
        left: 3,
        right: 5,
        top: 1,
        bottom: 2,
        confidence: expect.closeTo(0.717, 2),
      }),
    ]);
  });
});

/** Shoelace formula. */
function areaOf(outline: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < outline.length; i += 2) {
    const [x, y, nextX, nextY] = [0, 1, 2, 3].map((k) => outline[(i + k) % outline.length]);
    sum += x * nextY - nextX * y;
  }
  return sum / 2;
}

describe('outlines', () => {
  it('go around the pixels, between edges', () => {
    const regions = regionsOf(mapsOf(['....', '.##.', '.##.', '....']), RULE);
    expect(outlineOf(regions, regions.regions[0])).toEqual([1, 1, 3, 1, 3, 3, 1, 3]);
  });

  it('enclose exactly the area of a region without holes, and nearly that when simplified', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 12 })), {
      minLength: 3,
      maxLength: 20,
    });
    fc.assert(
      fc.property(rows, (spans) => {
        // Each row covers column 12, so that the region hangs together and has no holes.
        const lines = spans.map(([from, reach]) =>
          Array.from({ length: 27 }, (_, x) => (x >= 12 - from && x < 12 + reach ? '#' : '.')).join(''),
        );
        const regions = regionsOf(mapsOf(lines), { ...RULE, minAreaPx: 1 });
        const [region] = regions.regions;
        const outline = outlineOf(regions, region);
        expect(areaOf(outline)).toBe(region.areaPx);
        const simple = simplified(outline, 0.75);
        expect(simple.length).toBeLessThanOrEqual(outline.length);
        expect(Math.abs(areaOf(simple) - region.areaPx)).toBeLessThanOrEqual(0.75 * outline.length);
      }),
    );
  });
});
