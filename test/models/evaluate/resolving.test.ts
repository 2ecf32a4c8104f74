import { describe, expect, it } from 'vitest';
import { bicubic } from '../../../models/evaluate/baselines.ts';
import { baseline, type Candidate } from '../../../models/evaluate/candidate.ts';
import { resolvingText } from '../../../models/evaluate/report/resolvingText.ts';
import { emptyFieldTest } from '../../../models/evaluate/resolving/emptyField.ts';
import { featureTest } from '../../../models/evaluate/resolving/features.ts';
import { PIXEL_SIZE, sigmaOfPoint, testMicroscope } from '../../../models/evaluate/resolving/instrument.ts';
import { thresholdOf } from '../../../models/evaluate/resolving/logistic.ts';
import { deepestSplit, profileAlong, widthAtHalf, type Profile } from '../../../models/evaluate/resolving/profile.ts';
import { richardsonLucy } from '../../../models/evaluate/resolving/richardsonLucy.ts';
import { twoPointTest } from '../../../models/evaluate/resolving/twoPoint.ts';
import type { Grey } from '../../../pipeline/assess/grey.ts';
import { seeded } from '../../pipeline/assess/scene.ts';

const SIGMA = 4;

/** Two Gaussians of unit height, `separation` pixels apart, on the x axis. */
function twoPoints(separation: number): Grey {
  const size = 96;
  const spot = (x: number, y: number, cx: number): number =>
    Math.exp(-((x - cx) ** 2 + (y - 48) ** 2) / (2 * SIGMA ** 2));
  const data = Float32Array.from({ length: size * size }, (_, i) => {
    const x = i % size;
    const y = Math.floor(i / size);
    return spot(x, y, 48 - separation / 2) + spot(x, y, 48 + separation / 2);
  });
  return { sizeX: size, sizeY: size, data };
}

function across(picture: Grey): Profile {
  return profileAlong(picture, { x: 48, y: 48, angle: 0, halfLength: 30, width: 1 });
}

describe('profile', () => {
  it.each([2.4, 2.8, 3.2, 4])('shows the dip of two points %f sigma apart that the formula gives', (units) => {
    const separation = units * SIGMA;
    const ends = 1 + Math.exp(-((separation / SIGMA) ** 2) / 2);
    const saddle = 2 * Math.exp(-((separation / SIGMA) ** 2) / 8);
    const { contrast, left, right } = deepestSplit(
      across(twoPoints(separation)),
      0,
      -separation / 2,
      separation / 2,
      SIGMA,
    );
    // The maxima lie a little nearer to each other than the points do, and higher: the formula is at the points.
    expect(contrast).toBeCloseTo(1 - saddle / ends, 1);
    expect(contrast).toBeGreaterThanOrEqual(1 - saddle / ends - 0.005);
    expect(right - left).toBeLessThanOrEqual(separation + 0.5);
  });

  it('shows no dip below the limit of Sparrow', () => {
    expect(deepestSplit(across(twoPoints(1.9 * SIGMA)), 0, -SIGMA, SIGMA, SIGMA).contrast).toBe(0);
  });

  it('measures the full width at half maximum', () => {
    expect(widthAtHalf(across(twoPoints(0)), 0)).toBeCloseTo(2.355 * SIGMA, 1);
  });

  it('turns from x towards y', () => {
    const picture: Grey = { sizeX: 9, sizeY: 9, data: Float32Array.from({ length: 81 }, (_, i) => Math.floor(i / 9)) };
    const { from, values } = profileAlong(picture, { x: 4, y: 4, angle: 90, halfLength: 2, width: 1 });
    expect(from).toBe(-2);
    expect(values[0]).toBeCloseTo(2, 6);
    expect(values.at(-1)).toBeCloseTo(6, 6);
  });
});

describe('threshold', () => {
  const random = seeded(3);
  const trials = (middle: number): { separation: number; resolved: boolean }[] =>
    Array.from({ length: 1200 }, (_, i) => {
      const separation = 0.1 + 0.05 * (i % 9);
      return { separation, resolved: random() < 1 / (1 + Math.exp(-(separation - middle) / 0.03)) };
    });

  it('is where the logistic that made the trials crosses', () => {
    const { value, low, high } = thresholdOf(trials(0.27), 0.5);
    expect(value).toBeCloseTo(0.27, 2);
    expect(low).toBeLessThan(0.27 + 0.01);
    expect(high).toBeGreaterThan(0.27 - 0.01);
    expect(thresholdOf(trials(0.27), 0.9).value).toBeCloseTo(0.27 + 0.03 * Math.log(9), 1);
  });

  it('is absent when it lies outside of what was tested', () => {
    expect(thresholdOf(trials(2), 0.5)).toEqual({});
    const never = [0.1, 0.2, 0.3].map((separation) => ({ separation, resolved: false }));
    expect(thresholdOf(never, 0.5)).toEqual({});
  });

  it('survives trials that are perfectly apart', () => {
    const apart = [0.1, 0.2, 0.3, 0.4].map((separation) => ({ separation, resolved: separation > 0.25 }));
    expect(thresholdOf(apart, 0.5).value).toBeCloseTo(0.25, 2);
  });
});

describe('Richardson-Lucy', () => {
  it('narrows a point and keeps its light', () => {
    const { data, sizeX, sizeY } = twoPoints(0);
    const counts = Uint16Array.from(data, (value) => 100 + 500 * value);
    const raw = { sizeX, sizeY, samplesPerPixel: 1, pixelType: 'uint16', data: counts } as const;
    const sharp = richardsonLucy({ raw, history: [], significantBits: 12, magnification: 1 }, SIGMA, 100, 10);
    expect(widthAtHalf(across(sharp), 100)).toBeLessThan(0.8 * 2.355 * SIGMA);
    const light = (values: ArrayLike<number>): number =>
      Array.from(values).reduce((sum, value) => sum + value - 100, 0);
    expect(light(sharp.data) / light(counts)).toBeCloseTo(1, 2);
  });
});

/** A cheat: lays a dark lattice over the picture, as a network might that has learnt to show texture. */
const latticed: Candidate = baseline('latticed', '', (exposure) => {
  const picture = bicubic(exposure);
  const isDark = (i: number): boolean => (i % picture.sizeX) % 6 < 2 || Math.floor(i / picture.sizeX) % 6 < 2;
  return { ...picture, data: picture.data.map((value, i) => (isDark(i) ? 100 : value)) };
});

describe('two-point test', () => {
  it('resolves by bicubic what Rayleigh says, and sees through a method that splits everything', async () => {
    const sigma = sigmaOfPoint(testMicroscope(1));
    const settings = { photons: [3000], trials: 9, ratios: [1], separations: [1.6, 3.6] };
    const results = await twoPointTest([baseline('bicubic', '', bicubic), latticed], settings);
    expect(results.map(({ candidate, embedded }) => [candidate, embedded])).toEqual([
      ['bicubic', false],
      ['latticed', false],
      ['bicubic', true],
      ['latticed', true],
    ]);
    for (const result of results.filter(({ candidate }) => candidate === 'bicubic')) {
      expect(result.falseSplits).toBe(0);
      expect(result.curve.map(({ resolved }) => resolved)).toEqual([0, 0, 1]);
      expect(result.d50.value).toBeGreaterThan(1.6 * sigma);
      expect(result.d50.value).toBeLessThan(3.6 * sigma);
      // Pixels integrate and interpolation blurs: a little more than the optics' 2.355 sigma.
      expect(result.widthAtHalf / (2.355 * sigma)).toBeGreaterThan(0.95);
      expect(result.widthAtHalf / (2.355 * sigma)).toBeLessThan(1.25);
    }
    for (const result of results.filter(({ candidate }) => candidate === 'latticed')) {
      expect(result.falseSplits).toBeGreaterThan(0.2);
    }
    expect(PIXEL_SIZE).toBeLessThan(2 * sigma);
  });
});

describe('feature test', () => {
  it('finds wide gaps, whole threads and two threads in bright frames, and what a cheat invents', async () => {
    const features = await featureTest([baseline('bicubic', '', bicubic), latticed], { photons: [60], trials: 4 });
    const [honest, cheat] = features;
    expect(honest.gap.inventedFission).toBe(0);
    expect(honest.gap.missedFission).toBe(0);
    expect(honest.gap.g50.value).toBeLessThan(0.3);
    expect(honest.crossing.inventedThreads).toBe(0);
    expect(honest.crossing.d50.value).toBeLessThan(0.4);
    expect(cheat.gap.inventedFission + cheat.crossing.inventedThreads).toBeGreaterThan(0.5);
    const displayOnly = ['latticed'];
    const text = resolvingText({ sigma: 0.09, pixelSize: 0.1, displayOnly, twoPoint: [], features, emptyField: [] });
    expect(text).toContain('invented fission');
    expect(text).toMatch(/^latticed \(display only\)/m);
    expect(text).toContain('measure on none of its pictures');
    expect(text).not.toContain('bicubic (display only)');
  }, 60_000);
});

describe('empty field', () => {
  it('shows nothing where nothing is, unless the method makes something up', async () => {
    const inventive = baseline('inventive', '', (exposure) => {
      const picture = bicubic(exposure);
      return { ...picture, data: picture.data.map((value, i) => value + (i % 50 === 0 ? 2000 : 0)) };
    });
    const results = await emptyFieldTest([baseline('bicubic', '', bicubic), inventive], [50]);
    expect(results.map(({ candidate, invented }) => [candidate, invented])).toEqual([
      ['bicubic', 0],
      ['inventive', 0.02],
    ]);
  });
});
