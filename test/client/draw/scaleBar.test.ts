import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthLabel, roundDown, scaleBar } from '../../../client/draw/scaleBar.ts';

describe('the scale bar', () => {
  it('is the longest round length that fits', () => {
    expect(scaleBar(4, 0.1, 200)).toEqual({ length: 200, label: '5 µm' });
    expect(scaleBar(4, 0.1, 199)).toEqual({ length: 80, label: '2 µm' });
    expect(scaleBar(20, 0.05, 200).label).toBe('500 nm');
  });

  it('counts pixels when nobody said how large they are', () => {
    expect(scaleBar(2, undefined, 150)).toEqual({ length: 100, label: '50 px' });
  });

  it('always has the length that its label says', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 64, noNaN: true }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        (zoom, size) => {
          const bar = scaleBar(zoom, size, 200);
          const [value, unit] = bar.label.split(' ') as [string, string];
          const micrometres = Number(value) * ({ nm: 1e-3, µm: 1, mm: 1e3 }[unit] ?? NaN);
          expect((micrometres / size) * zoom).toBeCloseTo(bar.length, 6);
          expect(bar.length).toBeLessThanOrEqual(200 + 1e-6);
          expect(bar.length).toBeGreaterThan(200 / 2.51);
        },
      ),
    );
  });

  it('rounds down to 1, 2 or 5', () => {
    expect([1, 1.9, 2, 4.99, 5, 9.9, 0.03, 730].map(roundDown)).toEqual([1, 1, 2, 2, 5, 5, 0.02, 500]);
  });

  it('writes lengths in the unit that suits', () => {
    expect([0.261, 12, 3200, 0].map(lengthLabel)).toEqual(['261 nm', '12 µm', '3.2 mm', '0 µm']);
  });
});
