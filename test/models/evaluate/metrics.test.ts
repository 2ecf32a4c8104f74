import { describe, expect, it } from 'vitest';
import { fitLine } from '../../../models/evaluate/affine.ts';
import { bootstrapMean } from '../../../models/evaluate/bootstrap.ts';
import { ceilingPsnr } from '../../../models/evaluate/ceiling.ts';
import { fluxLinearity } from '../../../models/evaluate/fluxLinearity.ts';
import { psnr } from '../../../models/evaluate/psnr.ts';
import { shiftTo } from '../../../models/evaluate/score.ts';
import { spectralScores } from '../../../models/evaluate/spectral.ts';
import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';
import { CAMERA, expected, filaments, normal, seeded } from '../../pipeline/assess/scene.ts';

const truth = expected(filaments(128, 1.2), CAMERA);
const random = seeded(4);
const noisy = { ...truth, data: truth.data.map((value) => value + 5 * normal(random)) };

describe('metrics', () => {
  it('PSNR is that of the definition', () => {
    expect(psnr(Float32Array.of(0, 0, 0, 2), Float32Array.of(0, 0, 0, 0), 10)).toBeCloseTo(20, 9);
    expect(psnr(Float32Array.of(1), Float32Array.of(1), 10)).toBe(Infinity);
  });

  it('a line is fitted by least squares', () => {
    expect(fitLine([0, 1, 2], [1, 3, 5])).toEqual({ slope: 2, intercept: 1, correlation: 1 });
    expect(fitLine([1, 1], [1, 3])).toEqual({ slope: 0, intercept: 2, correlation: 0 });
  });

  it('flux out against flux in has the slope that it was given', () => {
    const dimmed = { ...truth, data: truth.data.map((value) => 0.7 * value + 10) };
    const { slope, intercept } = fluxLinearity(dimmed, truth);
    expect(slope).toBeCloseTo(0.7, 3);
    expect(intercept).toBeCloseTo(10, 1);
  });

  it('correlation with the truth falls with blur in the fine band and with texture beyond it', () => {
    const perfect = spectralScores(truth, truth, 2);
    expect([perfect.coarse, perfect.fine, perfect.beyond]).toEqual([1, 1, 1].map((one) => expect.closeTo(one, 9)));
    expect(perfect.halfCorrelation).toBe(0.5);
    const rough = spectralScores(noisy, truth, 2);
    expect(rough.coarse).toBeGreaterThan(rough.fine);
    expect(rough.fine).toBeGreaterThan(rough.beyond ?? NaN);
    expect(spectralScores(truth, truth, 1).beyond).toBeUndefined();
  });

  it('the shift of a prediction is found', () => {
    const moved = {
      ...truth,
      data: truth.data.map((_, i) => truth.data[(i - 2 + truth.data.length) % truth.data.length]),
    };
    const { x, y } = shiftTo(truth, moved);
    expect(x).toBeCloseTo(2, 0);
    expect(Math.abs(y)).toBeLessThan(0.1);
  });

  it('the ceiling is set by the noise of the truth', () => {
    const flat = { ...truth, data: gaussianBlur(truth, 6).data.map((value) => value + 0.5 * normal(random)) };
    const range = Math.max(...flat.data) - Math.min(...flat.data);
    expect(Math.abs(ceilingPsnr(flat) - 20 * Math.log10(range / 0.5))).toBeLessThan(0.3);
  });
});

describe('bootstrap', () => {
  const draws = Array.from({ length: 40 }, () => normal(random));

  it('covers the mean of the fields with about the width of its standard error', () => {
    const { mean, low, high, fields } = bootstrapMean(draws.map((value, i) => ({ field: `${i}`, value })));
    expect(fields).toBe(40);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    const standardError = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0)) / 40;
    expect((high - low) / (2 * 1.96 * standardError)).toBeCloseTo(1, 0);
  });

  it('does not let frames of one field pass for independent', () => {
    const once = bootstrapMean(draws.slice(0, 4).map((value, i) => ({ field: `${i}`, value })));
    const repeated = draws
      .slice(0, 4)
      .flatMap((value, i) => Array.from({ length: 50 }, () => ({ field: `${i}`, value })));
    const often = bootstrapMean(repeated);
    expect(often.low).toBeCloseTo(once.low, 9);
    expect(often.high).toBeCloseTo(once.high, 9);
  });

  it('gives no interval for one field', () => {
    expect(bootstrapMean([{ field: 'a', value: 3 }])).toEqual({ mean: 3, low: NaN, high: NaN, fields: 1 });
  });
});
