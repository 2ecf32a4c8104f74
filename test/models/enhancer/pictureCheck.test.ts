import { describe, expect, it } from 'vitest';
import type { MethodInput } from '../../../models/enhancer/method.ts';
import { checkFinite, checkPicture, checkShape } from '../../../models/enhancer/pictureCheck.ts';

const input = (raw: readonly number[], gain = 16): MethodInput => ({
  sizeX: raw.length,
  sizeY: 1,
  samplesPerPixel: 1,
  planes: [Uint16Array.from(raw)],
  offset: 100,
  scale: 900,
  gain,
});
const check = (stored: readonly number[], frame: MethodInput) => () =>
  checkPicture('net', Uint16Array.from(stored), frame);

describe('checkPicture', () => {
  it('lets a picture of the frame pass', () => {
    expect(check([1600, 8000, 16_000], input([100, 500, 1000]))).not.toThrow();
  });

  it('refuses what NaN becomes: nothing but 0 or 65535', () => {
    expect(check([0, 0, 0], input([100, 500, 1000]))).toThrow(/net returned a flat picture: every sample is 0/);
    expect(check([65535, 65535, 65535], input([100, 500, 1000]))).toThrow(/flat/);
  });

  it('refuses a mean that is far from the frame’s', () => {
    expect(check([60_000, 65_000, 65_535], input([100, 500, 300]))).toThrow(
      /garbage: mean intensity 3969.* raw has 300/,
    );
  });

  it('lets a frame without structure become flat: a closed shutter, single photons', () => {
    expect(check([1600, 1600, 1600], input([98, 100, 103]))).not.toThrow();
    expect(check([0, 0, 0], { ...input([0, 1, 0], 1), offset: 0, scale: 1 })).not.toThrow();
  });
});

it('checkFinite names the first sample that is no number', () => {
  expect(() => checkFinite('net', Float32Array.of(1, NaN))).toThrow('net returned NaN at sample 1');
  expect(() => checkFinite('net', Float32Array.of(1, 2))).not.toThrow();
});

it('checkShape names both shapes', () => {
  const tensor = { data: new Float32Array(4), dims: [1, 1, 2, 2] };
  expect(() => checkShape('net', tensor, [1, 1, 4, 4])).toThrow('net returned 1x1x2x2 where 1x1x4x4 was expected');
  expect(() => checkShape('net', undefined, [1])).toThrow(/no output/);
  expect(() => checkShape('net', tensor, [1, 1, 2, 2])).not.toThrow();
});
