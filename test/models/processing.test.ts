import { describe, expect, it } from 'vitest';
import type { TensorDescription } from '../../models/manifest.ts';
import { processTensor, unsupportedSteps } from '../../models/processing.ts';

const axes = [
  { type: 'batch' as const, scale: 1, halo: 0 },
  { type: 'channel' as const, scale: 1, halo: 0 },
  { type: 'space' as const, id: 'y', scale: 1, halo: 0 },
  { type: 'space' as const, id: 'x', scale: 1, halo: 0 },
];
const describeSteps = (...processing: { id: string; kwargs: Record<string, unknown> }[]): TensorDescription => ({
  id: 'raw',
  axes,
  dataType: 'float32',
  processing,
});
const two = { data: Float32Array.of(0, 1, 2, 3, 10, 20, 30, 40), dims: [1, 2, 2, 2] };
const run = (id: string, kwargs: Record<string, unknown> = {}, tensor = two) => [
  ...processTensor(describeSteps({ id, kwargs }), tensor).data,
];

describe('processing steps', () => {
  it('zero_mean_unit_variance over all samples, or per channel', () => {
    const root = Math.sqrt(1.25);
    const perChannel = run('zero_mean_unit_variance', { axes: ['x', 'y'], eps: 1e-9 });
    [-1.5, -0.5, 0.5, 1.5].forEach((value, i) => expect(perChannel[i]).toBeCloseTo(value / root, 5));
    [-1.5, -0.5, 0.5, 1.5].forEach((value, i) => expect(perChannel[4 + i]).toBeCloseTo(value / root, 5));
    const all = run('zero_mean_unit_variance');
    expect(all.reduce((sum, value) => sum + value)).toBeCloseTo(0, 5);
    expect(all[0]).not.toBeCloseTo(perChannel[0], 2);
  });

  it('scale_range takes percentiles as numpy does', () => {
    const values = run('scale_range', { min_percentile: 25, max_percentile: 75, axes: ['x', 'y'], eps: 1e-9 });
    // numpy.percentile([0, 1, 2, 3], [25, 75]) = [0.75, 2.25]
    expect(values[0]).toBeCloseTo(-0.5, 5);
    expect(values[3]).toBeCloseTo(1.5, 5);
  });

  it('scale_linear, one for all or one a channel', () => {
    expect(run('scale_linear', { gain: 2, offset: 1 })).toEqual([1, 3, 5, 7, 21, 41, 61, 81]);
    expect(run('scale_linear', { gain: [1, 10], offset: [0, -1], axis: 'channel' })).toEqual([
      0, 1, 2, 3, 99, 199, 299, 399,
    ]);
  });

  it('the simple ones', () => {
    expect(run('binarize', { threshold: 3 })).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(run('clip', { min: 1, max: 20 })).toEqual([1, 1, 2, 3, 10, 20, 20, 20]);
    expect(run('sigmoid')[0]).toBe(0.5);
    expect(run('fixed_zero_mean_unit_variance', { mean: 1, std: 2 })[3]).toBe(1);
    expect(run('ensure_dtype', { dtype: 'uint8' }, { data: Float32Array.of(1.9, -1.9), dims: [1, 1, 1, 2] })).toEqual([
      1, -1,
    ]);
    expect(run('ensure_dtype', { dtype: 'float32' })[3]).toBe(3);
  });

  it('refuses others by name', () => {
    const description = describeSteps({ id: 'zero_mean_unit_variance', kwargs: {} }, { id: 'deconvolve', kwargs: {} });
    expect(unsupportedSteps(description)).toEqual(['deconvolve']);
    expect(() => processTensor(description, two)).toThrow(/deconvolve is not supported/);
  });
});
