import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LUT_NAMES } from '../../../client/draw/lut.ts';
import {
  COMPARISONS,
  DEFAULTS,
  fromText,
  toText,
  type DisplaySettings,
} from '../../../client/state/displaySettings.ts';

const rounded = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true }).map((value) => Number(value.toPrecision(6)) + 0);

const channels = fc.record({
  lut: fc.constantFrom(...LUT_NAMES),
  visible: fc.boolean(),
  auto: fc.constant(false),
  low: rounded(-100, 1000),
  high: rounded(1001, 65_535),
  gamma: rounded(0.1, 5),
});

const settings: fc.Arbitrary<DisplaySettings> = fc.record({
  theme: fc.constantFrom('dark' as const, 'light' as const),
  comparison: fc.constantFrom(...COMPARISONS),
  swipe: rounded(0, 1),
  sampling: fc.constantFrom('smooth' as const, 'exact' as const),
  highlightLimits: fc.boolean(),
  showFlags: fc.boolean(),
  showCells: fc.boolean(),
  zoom: rounded(0, 64),
  centreX: rounded(-0.5, 4096),
  centreY: rounded(-0.5, 4096),
  encoding: fc.constantFrom('auto' as const, 'raw' as const, 'jpeg' as const),
  maxRate: fc.integer({ min: 1, max: 120 }),
  folded: fc.uniqueArray(fc.constantFrom('trust', 'contrast', 'latency')),
  panelsHidden: fc.boolean(),
  channels: fc.array(channels, { minLength: 0, maxLength: 4 }),
});

describe('display settings as text', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(settings, (value) => {
        expect(fromText(toText(value))).toEqual(value);
      }),
    );
  });

  it('are empty for the defaults', () => {
    expect(toText(DEFAULTS)).toBe('');
    expect(fromText('')).toEqual(DEFAULTS);
  });

  it('never break on what a stranger wrote', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const read = fromText(text);
        expect(COMPARISONS).toContain(read.comparison);
      }),
    );
    expect(fromText('zoom=1e9&swipe=-3&theme=pink&channel0=grey~9..2~1~on&maxRate=')).toEqual(DEFAULTS);
  });
});
