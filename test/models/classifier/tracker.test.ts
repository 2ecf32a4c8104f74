import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection } from '../../../models/classifier/cellMessages.ts';
import { LONGEST_GAP, Tracker } from '../../../models/classifier/tracker.ts';

const SIZE = 400;
const at = (x: number, y: number, more: Partial<Detection> = {}): Detection => ({
  ...{ kind: 'white cell', confidence: 0.9, box: { x: x - 20, y: y - 20, width: 40, height: 40 } },
  ...more,
});
const place = (sequence: number) => ({ sequence, sizeX: SIZE, sizeY: SIZE, lookedAt: 'raw' as const });
const enhancedAt = (sequence: number) => ({ ...place(sequence), lookedAt: 'enhanced' as const });
const named = (neutrophil: number): Partial<Detection> => ({
  probabilities: { neutrophil, lymphocyte: 1 - neutrophil },
  isStrange: false,
});

describe('the tracker', () => {
  it('gives every detection of a look an id of its own, whatever comes', () => {
    const coordinate = fc.integer({ min: 0, max: SIZE });
    const look = fc.array(fc.tuple(coordinate, coordinate), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 8 }), (looks) => {
        const tracker = new Tracker(0);
        looks.forEach((cells, i) => {
          const seen = tracker.look(
            cells.map(([x, y]) => at(x, y)),
            place(i),
          );
          expect(new Set(seen.map(({ id }) => id)).size).toBe(cells.length);
        });
      }),
    );
  });

  it('follows a cell that moves by less than its size, wherever it goes', () => {
    const step = fc.double({ min: -14, max: 14, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(step, step), { maxLength: 30 }), (steps) => {
        const tracker = new Tracker(0);
        let [x, y] = [200, 200];
        const ids = steps.map(([dx, dy], i) => {
          [x, y] = [Math.min(Math.max(x + dx, 0), SIZE), Math.min(Math.max(y + dy, 0), SIZE)];
          return tracker.look([at(x, y)], place(i))[0].id;
        });
        expect(new Set(ids).size).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('keeps the ids of a field that moves steadily under the stage, even by more than a cell in a look', () => {
    const tracker = new Tracker(0);
    const ids = Array.from({ length: 12 }, (_, i) => {
      const x = 40 + (i < 4 ? 12 * i : 36 + 24 * (i - 3));
      return tracker
        .look([at(x, 100), at(x + 70, 200)], place(i))
        .map(({ id }) => id)
        .join();
    });
    expect(new Set(ids)).toEqual(new Set(['1,2']));
  });

  it('gives two cells that cross no new ids', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 3, max: 12 }), (offset, speed) => {
        const tracker = new Tracker(0);
        const ids = new Set<number>();
        for (let i = 0; i * speed <= 300; i++) {
          const seen = tracker.look([at(50 + i * speed, 200), at(350 - i * speed, 200 + offset)], place(i));
          seen.forEach(({ id }) => ids.add(id));
        }
        expect(ids).toEqual(new Set([1, 2]));
      }),
    );
  });

  it('keeps the id of a moving cell through a gap, and not through a longer one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 * LONGEST_GAP }), (gap) => {
        const tracker = new Tracker(0);
        const x = (i: number) => 100 + 9 * i;
        for (let i = 0; i < 6; i++) tracker.look([at(x(i), 200)], place(i));
        for (let i = 6; i < 6 + gap; i++) expect(tracker.look([], place(i))).toEqual([]);
        const [{ id }] = tracker.look([at(x(6 + gap), 200)], place(6 + gap));
        expect(id).toBe(gap <= LONGEST_GAP ? 1 : 2);
      }),
    );
  });

  it('counts cells and not detections, and none that showed once among many looks', () => {
    const tracker = new Tracker(0);
    for (let i = 0; i < 10; i++) {
      tracker.look([at(100, 100), ...(i === 4 ? [at(300, 300)] : [])], place(i));
    }
    expect(tracker.tally.counted).toEqual({ 'white cell': 1 });
    tracker.leaveField();
    expect(tracker.look([at(100, 100)], place(10))[0].id).toBe(3);
    // Of a field that was looked at once, one look is all that there is.
    expect(tracker.tally.counted).toEqual({ 'white cell': 2 });
  });

  it('smooths a label over the looks, and does not grow surer than they are', () => {
    const tracker = new Tracker(0.6);
    const looks = [0.9, 0.9, 0.3, 0.9, 0.9].map(
      (neutrophil, i) => tracker.look([at(100, 100, named(neutrophil))], place(i))[0],
    );
    expect(looks.map(({ label }) => label)).toEqual(
      Array.from({ length: 5 }, (_, i) => (i === 2 ? looks[2].label : 'neutrophil')),
    );
    expect(looks[4]).toMatchObject({ looks: 5, kind: 'white cell' });
    for (let i = 5; i < 60; i++) tracker.look([at(100, 100, named(0.8))], place(i));
    expect(tracker.look([at(100, 100, named(0.8))], place(60))[0].confidence).toBeCloseTo(0.8, 2);
  });

  it('is unsure of a class that is not probable enough, and of a cell like none in training', () => {
    const tracker = new Tracker(0.6);
    expect(tracker.look([at(100, 100, named(0.55))], place(0))[0]).toMatchObject({ label: 'unsure', confidence: 0.55 });
    const strange = { ...named(0.99), isStrange: true };
    expect(new Tracker(0.6).look([at(100, 100, strange)], place(0))[0].label).toBe('unsure');
  });

  it('takes a flip back when the enhanced picture is not looked at any more', () => {
    const tracker = new Tracker(0.6);
    const flipped = { ...named(0.9), raw: null };
    expect(tracker.look([at(100, 100, flipped)], enhancedAt(0))[0].flip).toBeDefined();
    expect(tracker.look([at(100, 100, named(0.9))], place(1))[0].flip).toBeUndefined();
    expect(tracker.tally.flips).toBe(1);
  });

  it('flags a flip until raw and enhanced agree again, and counts it once', () => {
    const tracker = new Tracker(0.6);
    const raw = (neutrophil: number) => ({ kind: 'white cell', confidence: 0.9, ...named(neutrophil) });
    const flips = [
      { raw: raw(0.9) }, // agree
      { raw: raw(0.1) }, // another class
      {}, // not compared
      { raw: raw(0.5) }, // sure only after enhancement
      { raw: raw(0.95) }, // agree again
      { raw: null }, // not found in raw
    ].map((more, i) => tracker.look([at(100, 100, { ...named(0.9), ...more })], enhancedAt(i))[0].flip);
    expect(flips).toEqual([
      undefined,
      { rawLabel: 'lymphocyte', rawConfidence: 0.9 },
      { rawLabel: 'lymphocyte', rawConfidence: 0.9 },
      { rawLabel: 'unsure', rawConfidence: 0.5 },
      undefined,
      { rawLabel: 'not found', rawConfidence: 0 },
    ]);
    expect(tracker.tally.flips).toBe(2);
  });
});
