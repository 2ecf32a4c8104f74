import { describe, expect, it } from 'vitest';
import { flaggedPixels, noiseModel } from '../../../client/draw/flags.ts';
import type { Picture } from '../../../client/draw/picture.ts';

const SIZE = 64;
const picture = (size: number, magnification: number, value: (x: number, y: number) => number): Picture => ({
  sizeX: size,
  sizeY: size,
  samplesPerPixel: 1,
  data: Uint16Array.from({ length: size * size }, (_, i) => value(i % size, Math.floor(i / size))),
  intensityScale: 1,
  intensityOffset: 0,
  magnification,
  exact: true,
});

describe('flagged pixels', () => {
  const noise = { slope: 2, intercept: -200 + 100, rowCorrelation: 0 };
  // Variance of a pixel of 200 is 300; a checkerboard of its standard deviation averages out.
  const raw = picture(SIZE, 1, (x, y) => 200 + ((x + y) % 2 === 0 ? 17 : -17));

  it('are none where the residual is noise', () => {
    const flat = picture(SIZE * 2, 2, () => 200);
    expect(flaggedPixels(raw, flat, noise).some((flag) => flag === 1)).toBe(false);
  });

  it('are those around something that raw does not have', () => {
    const invented = picture(SIZE * 2, 2, (x, y) => (Math.abs(x - 80) < 8 && Math.abs(y - 40) < 8 ? 260 : 200));
    const flags = flaggedPixels(raw, invented, noise);
    expect(flags[20 * SIZE + 40]).toBe(1);
    expect(flags[50 * SIZE + 10]).toBe(0);
  });

  it('need a photon-transfer fit', () => {
    const measured = { mean: 150, saturated: 0, atZero: 0, noiseSigma: 10, focus: 1, focusRelative: 1 };
    expect(noiseModel(measured)).toBeUndefined();
    expect(noiseModel({ ...measured, gain: 2, readNoise: 5, photonsMean: 25 })).toEqual({
      slope: 2,
      intercept: 100 - 200,
      rowCorrelation: 0,
    });
  });
});
