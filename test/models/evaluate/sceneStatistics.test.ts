import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  distanceBetween,
  LEAST_BLOCKS,
  LongAverages,
  statisticsOf,
} from '../../../models/evaluate/sceneStatistics/distance.ts';
import { blockFeatures, FEATURES } from '../../../models/evaluate/sceneStatistics/features.ts';
import { fitGaussian, logGamma } from '../../../models/evaluate/sceneStatistics/gaussianFit.ts';
import { inverseForm } from '../../../models/evaluate/sceneStatistics/symmetric.ts';
import type { Grey } from '../../../pipeline/assess/grey.ts';
import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';
import { CAMERA, expected, exposed, filaments, normal, seeded } from '../../pipeline/assess/scene.ts';
import { python } from '../../fixtures/python.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/** Three by three blocks, and an odd rest. */
const SIZE = 301;
/** A long average has a little noise of its own. */
const longAverage = (seed: number): Grey => {
  const random = seeded(seed);
  const scene = expected(filaments(SIZE, 1.5, seed), CAMERA);
  return { ...scene, data: scene.data.map((value) => value + 2 * normal(random)) };
};
const truths = Array.from({ length: 9 }, (_, k) => longAverage(k + 1));
const raw = exposed(filaments(SIZE, 1.5, 20), CAMERA, seeded(20));
const prediction = gaussianBlur(raw, 1);

interface Golden {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly distance: number;
}

const own = blockFeatures(prediction);
const ofTruths = truths.map(blockFeatures);
const ours: Golden = {
  first: own[0],
  last: own.at(-1)!,
  distance: distanceBetween(statisticsOf(ofTruths.flat()), statisticsOf(own)),
};

describe('the fit of a generalised Gaussian', () => {
  it('finds the shape and the widths of the values', () => {
    const random = seeded(3);
    const values = Float64Array.from({ length: 60_000 }, () => normal(random));
    const gaussian = fitGaussian(values)!;
    expect(gaussian.shape).toBeCloseTo(2, 1);
    expect(gaussian.left / Math.SQRT2).toBeCloseTo(1, 1); // exp(-(x / width)^2): width = sqrt(2) sd
    expect(gaussian.mean).toBeCloseTo(0, 1);
    const laplacian = fitGaussian(values.map((value) => Math.sign(value) * Math.log(1 / (1 - random()))))!;
    expect(laplacian.shape).toBeCloseTo(1, 1);
    const lopsided = fitGaussian(values.map((value) => (value > 0 ? 3 * value : value)))!;
    expect(lopsided.right / lopsided.left).toBeCloseTo(3, 1);
    expect(lopsided.mean).toBeGreaterThan(0.5);
  });

  it('has nothing to say of values on one side of zero', () => {
    expect(fitGaussian(Float64Array.of(1, 2, 3))).toBeUndefined();
    expect(fitGaussian(new Float64Array(9))).toBeUndefined();
  });

  it('knows the gamma function', () => {
    for (const [x, value] of [
      [1, 0],
      [5, Math.log(24)],
      [0.5, Math.log(Math.PI) / 2],
      [0.1, 2.252712651734206],
    ]) {
      expect(logGamma(x)).toBeCloseTo(value, 12);
    }
  });
});

describe('a quadratic form of an inverse', () => {
  it('is that of the matrix, and of its range where it is singular', () => {
    const matrix = [Float64Array.of(4, 1), Float64Array.of(1, 3)];
    expect(inverseForm(matrix, Float64Array.of(1, 2))).toBeCloseTo((3 - 4 + 16) / 11, 12);
    const singular = [Float64Array.of(1, 1), Float64Array.of(1, 1)];
    expect(inverseForm(singular, Float64Array.of(1, 1))).toBeCloseTo(1, 12); // Along the range: 2 / 2.
    expect(inverseForm(singular, Float64Array.of(1, -1))).toBeCloseTo(0, 12);
  });
});

describe('the distance from long averages', () => {
  const averages = new LongAverages();
  ofTruths.forEach((blocks, k) => averages.add(`${k}`, blocks));
  const distance = (field: string, picture: Grey) => averages.distance(field, blockFeatures(picture));

  it('is the distance of the statistics from those of all other fields', () => {
    expect(averages.distance('new', own)).toBeCloseTo(ours.distance, 12);
  });

  it('grows with noise and with blur, and is smallest for another long average', () => {
    const floor = distance('new', longAverage(30))!;
    const blurred = gaussianBlur(longAverage(30), 2.5);
    for (const picture of [raw, blurred]) expect(distance('new', picture)).toBeGreaterThan(1.5 * floor);
  });

  it('is the same for another brightness, and has 36 numbers a block', () => {
    expect(own).toHaveLength(9);
    expect(own[0]).toHaveLength(FEATURES);
    const brighter = { ...prediction, data: prediction.data.map((value) => 3 * value + 40) };
    expect(distance('new', brighter)).toBeCloseTo(averages.distance('new', own)!, 3);
  });

  it('is needed few fields: too few of them, or too small a picture, and there is none', () => {
    const two = new LongAverages();
    two.add('a', ofTruths[0]);
    two.add('b', ofTruths[1]);
    expect(two.distance('new', own)).toBeUndefined();
    expect(averages.distance('new', own.slice(0, 1))).toBeUndefined();
    expect(LEAST_BLOCKS).toBeGreaterThan(2 * 9);
    expect(blockFeatures(filaments(100, 1))).toEqual([]);
    expect(blockFeatures({ sizeX: 256, sizeY: 256, data: new Float32Array(256 * 256) })).toEqual([]);
  });

  it('compares no truth with itself', () => {
    const without = new LongAverages();
    ofTruths.slice(1).forEach((blocks, k) => without.add(`${k + 1}`, blocks));
    expect(without.distance('0', ofTruths[0])).toBe(averages.distance('0', ofTruths[0]));
    expect(averages.distance('new', ofTruths[0])).not.toBe(averages.distance('0', ofTruths[0]));
  });
});

/** What scipy 1.17 gave for these pictures: holds where there is no Python. */
const STORED: Golden = {
  first: [
    2.42668333, 0.73981391, 0.82312409, 0.14857294, 0.04769472, 0.15492922, 0.82212598, 0.14970605, 0.04682602,
    0.15462252, 0.84390412, 0.08035722, 0.08248129, 0.14331421, 0.87288355, 0.07232849, 0.0865714, 0.14480777,
    3.27152669, 1.01726152, 0.93672353, 0.13881869, 0.14519102, 0.27102545, 0.90463831, 0.12042846, 0.14907242,
    0.25220707, 0.82699755, 0.04555638, 0.16659244, 0.19977491, 0.99508262, -0.02179443, 0.24066537, 0.21902388,
  ],
  last: [
    2.45114463, 0.75071587, 0.82468618, 0.14832543, 0.04942039, 0.15687254, 0.81065283, 0.15616291, 0.04403505,
    0.15339867, 0.8573618, 0.07456032, 0.0848096, 0.14293246, 0.84217734, 0.07054865, 0.08793719, 0.14113959,
    4.03106427, 1.05981864, 0.95620687, 0.11357189, 0.17795704, 0.28426147, 0.96549397, 0.12183306, 0.16922064,
    0.28494506, 1.01580625, -0.02793947, 0.2663234, 0.23776173, 0.91045376, 0.02142817, 0.21115327, 0.22970152,
  ],
  distance: 107.48470685,
};

function expectSame(golden: Golden): void {
  for (const at of ['first', 'last'] as const) {
    expect(ours[at]).toHaveLength(golden[at].length);
    golden[at].forEach((value, i) => expect(ours[at][i]).toBeCloseTo(value, 4));
  }
  expect(ours.distance).toBeCloseTo(golden.distance, 3);
}

describe('scene statistics against scipy', () => {
  it('agree with the stored values', () => expectSame(STORED));

  it.skipIf(!python)('agree with the script', { timeout: 120_000 }, () => {
    const folder = temporaryFolder('sceneStatistics');
    const paths = [prediction, ...truths].map(({ data }, i) => {
      const path = join(folder, `${i}.f32`);
      writeFileSync(path, new Uint8Array(data.buffer));
      return path;
    });
    const script = join(import.meta.dirname, 'golden_scene_statistics.py');
    const said = execFileSync(python ?? '', [script, `${SIZE}`, ...paths], { encoding: 'utf8' });
    expectSame(JSON.parse(said) as Golden);
  });
});
