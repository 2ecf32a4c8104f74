import { expect, it } from 'vitest';
import { reduced } from '../../../pipeline/assess/grey.ts';
import type { Plane } from '../../../pipeline/frame.ts';

/** Green counts up from sample to sample; red and blue would spoil any mean. */
function colour(sizeX: number, sizeY: number): Plane {
  const data = new Uint8Array(sizeX * sizeY * 3).fill(255);
  for (let i = 0; i < sizeX * sizeY; i++) data[3 * i + 1] = i;
  return { sizeX, sizeY, samplesPerPixel: 3, pixelType: 'uint8', data };
}

it('makes colour comparable with raw by the mean of what lies in each raw pixel', () => {
  const window = { x: 1, y: 1, sizeX: 2, sizeY: 1 };
  // Of 8 x 4 samples, raw pixel (1, 1) holds samples (2..3, 2..3): 18, 19, 26 and 27.
  expect(reduced(colour(8, 4), 2, window)).toEqual(Float32Array.of(22.5, 24.5));
  expect(reduced(colour(8, 4), 1, window)).toEqual(Uint8Array.of(9, 10));
});

it('takes of grey the samples that lie on raw ones', () => {
  const { sizeX, sizeY } = colour(8, 4);
  const data = Uint16Array.from({ length: 32 }, (_, i) => i);
  const plane: Plane = { sizeX, sizeY, samplesPerPixel: 1, pixelType: 'uint16', data };
  expect(reduced(plane, 2, { x: 1, y: 1, sizeX: 2, sizeY: 1 })).toEqual(Uint16Array.of(18, 20));
});
