import { describe, expect, it } from 'vitest';
import { bytes, clock, count, figures, intensity, milliseconds, percent, span } from '../../client/view/wording.ts';

const plain = (text: string): string => text.replaceAll('\u2009', ' ');

describe('numbers as people read them', () => {
  it('counts in groups of three', () => {
    expect([7, 999, 1000, 1234567].map(count).map(plain)).toEqual(['7', '999', '1 000', '1 234 567']);
  });

  it('figures without exponents', () => {
    expect([0, 0.0042, 1.18, 24.13, 995.4, 65_535].map((value) => figures(value))).toEqual([
      '0',
      '0.00420',
      '1.18',
      '24.1',
      '995',
      '65535',
    ]);
  });

  it('intensities: whole as counted, short as computed', () => {
    expect([86, 155.312, 0, 4095.5].map((value) => intensity(value))).toEqual(['86', '155.3', '0', '4096']);
  });

  it('times, shares, sizes', () => {
    expect([0.84, 4.06, 23.4].map(milliseconds)).toEqual(['0.8', '4.1', '23']);
    expect([0, 0.0012, 0.97].map(percent).map(plain)).toEqual(['0 %', '0.12 %', '97.0 %']);
    expect([12, 812e6, 1.24e12].map(bytes).map(plain)).toEqual(['12.0 B', '812 MB', '1.24 TB']);
    expect(clock(3 * 3600 + 62)).toBe('03:01:02');
    expect([40, 2500, 7300, 200_000].map(span)).toEqual(['40 s', '41 min', '2 h', '2 days']);
  });
});
