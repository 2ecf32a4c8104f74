import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  GAUSSIAN_SIGMA,
  gaussianMethod,
  smoothGaussian,
  stabilise,
  unstabilise,
} from '../../../models/enhancer/gaussian.ts';
import { python } from '../../fixtures/python.ts';
import { worstDifference } from '../fixtures/worstDifference.ts';

const [sizeX, sizeY] = [37, 29];
const image = Float32Array.from({ length: sizeX * sizeY }, (_, i) => (i * 7919) % 1009);

describe('smoothGaussian', () => {
  it.skipIf(!python)('agrees with scipy.ndimage (skipped without Python)', () => {
    const script = `
import json, sys
import numpy as np
from scipy.ndimage import gaussian_filter
image = np.array(json.load(sys.stdin), np.float64).reshape(${sizeY}, ${sizeX})
print(json.dumps(gaussian_filter(image, ${GAUSSIAN_SIGMA}, mode="mirror").ravel().tolist()))`;
    const expected = JSON.parse(
      execFileSync(python!, ['-c', script], { input: JSON.stringify([...image]), encoding: 'utf8' }),
    ) as number[];
    expect(worstDifference(smoothGaussian(image, sizeX, sizeY, GAUSSIAN_SIGMA), expected)).toBeLessThan(1e-3);
  });

  it('spreads a point as the density does, and keeps its sum', () => {
    const point = new Float32Array(41 * 41);
    point[20 * 41 + 20] = 1;
    const spread = smoothGaussian(point, 41, 41, 2);
    expect(spread.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
    const density = (dx: number, dy: number) => Math.exp(-(dx * dx + dy * dy) / 8) / (8 * Math.PI);
    expect(spread[20 * 41 + 20]).toBeCloseTo(density(0, 0), 4);
    expect(spread[18 * 41 + 23]).toBeCloseTo(density(3, 2), 4);
  });
});

describe('the generalised Anscombe transform', () => {
  const detector = { offset: 100, gain: 2.5, readNoise: 1.2 };
  /** Photons, read noise, and a generator that repeats (mulberry32). */
  const counts = (electrons: number, samples: number): Float32Array => {
    let state = electrons * 1000;
    const random = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
    return Float32Array.from({ length: samples }, () => {
      let photons = -1;
      for (let product = 1; product > Math.exp(-electrons); photons++) product *= 1 - random();
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return detector.offset + detector.gain * (photons + detector.readNoise * normal);
    });
  };
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it.each([3, 10, 50])(
    'gives noise of standard deviation 1, and back without bias, at %i photo-electrons',
    (electrons) => {
      const stabilised = stabilise(counts(electrons, 20_000), detector);
      const centre = mean(stabilised);
      const deviation = Math.sqrt(mean(stabilised.map((value) => (value - centre) ** 2)));
      expect(Math.abs(deviation - 1)).toBeLessThan(0.08);
      const [back] = unstabilise(Float32Array.of(centre), detector);
      expect(Math.abs((back - detector.offset) / detector.gain - electrons)).toBeLessThan(0.03 * electrons + 0.1);
    },
  );
});

describe('gaussianMethod', () => {
  const input = { sizeX, sizeY, samplesPerPixel: 1, planes: [image], offset: 0, scale: 1, gain: 1 } as const;

  it('works with and without a known detector', async () => {
    const plain = await gaussianMethod(2).enhance(input);
    const detector = { offset: 0, gain: 1, readNoise: 1 };
    const stabilised = await gaussianMethod(2).enhance({ ...input, detector });
    expect(plain.data).toHaveLength(4 * sizeX * sizeY);
    expect(stabilised.data).toHaveLength(4 * sizeX * sizeY);
    expect(stabilised.data).not.toEqual(plain.data);
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(plain.data) / mean(image)).toBeCloseTo(1, 1);
  });

  it('refuses colour', async () => {
    const colour = { ...input, samplesPerPixel: 3 } as const;
    await expect(gaussianMethod(2).enhance(colour)).rejects.toThrow(/grey frames only/);
  });
});
