import { describe, expect, it } from 'vitest';
import { gripAt } from '../../../client/draw/grip.ts';
import type { Shape } from '../../../client/draw/measure.ts';

const box = { id: 1, kind: 'rectangle', from: { x: 10, y: 20 }, to: { x: 50, y: 40 } } as const satisfies Shape;
const ring = { ...box, id: 2, kind: 'ellipse' } as const;
const line = { id: 3, kind: 'distance', from: { x: 0, y: 0 }, to: { x: 8, y: 8 } } as const satisfies Shape;

describe('taking hold of shapes', () => {
  it('holds a corner, any of the four', () => {
    expect(gripAt([box], { x: 11, y: 20 }, 2)).toEqual({ id: 1, corner: { x: 'from', y: 'from' } });
    expect(gripAt([box], { x: 50, y: 21 }, 2)).toEqual({ id: 1, corner: { x: 'to', y: 'from' } });
  });

  it('holds the whole shape by its line, not by its inside', () => {
    expect(gripAt([box], { x: 30, y: 41 }, 2)).toEqual({ id: 1 });
    expect(gripAt([box], { x: 30, y: 30 }, 2)).toBeUndefined();
    expect(gripAt([ring], { x: 30, y: 39 }, 2)).toEqual({ id: 2 });
    expect(gripAt([ring], { x: 30, y: 30 }, 2)).toBeUndefined();
    expect(gripAt([line], { x: 5, y: 4 }, 2)).toEqual({ id: 3 });
    expect(gripAt([line], { x: 12, y: 12 }, 2)).toBeUndefined();
  });

  it('prefers the shape that was drawn last', () => {
    expect(gripAt([box, ring], { x: 30, y: 20 }, 2)).toEqual({ id: 2 });
  });
});
