import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { GAUSSIAN_SIGMA, gaussianMethod, smoothGaussian } from '../../../models/enhancer/gaussian.ts';
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

describe('gaussianMethod', () => {
  const input = { sizeX, sizeY, samplesPerPixel: 1, planes: [image], offset: 0, scale: 1, gain: 1 } as const;

  it('smooths as widely as it is told, and by 1.8 pixels where it is not', async () => {
    const untold = await gaussianMethod(2).enhance(input);
    const usual = await gaussianMethod(2).enhance({ ...input, gaussianSigma: GAUSSIAN_SIGMA });
    const narrow = await gaussianMethod(2).enhance({ ...input, gaussianSigma: 0.7 });
    expect(untold.data).toHaveLength(4 * sizeX * sizeY);
    expect(usual.data).toEqual(untold.data);
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    const spread = (values: ArrayLike<number>) =>
      mean(Array.from(values, (value) => (value - mean(values)) ** 2)) ** 0.5;
    expect(mean(untold.data) / mean(image)).toBeCloseTo(1, 1);
    expect(spread(narrow.data)).toBeGreaterThan(1.5 * spread(untold.data));
  });

  it('refuses colour', async () => {
    const colour = { ...input, samplesPerPixel: 3 } as const;
    await expect(gaussianMethod(2).enhance(colour)).rejects.toThrow(/grey frames only/);
  });
});
