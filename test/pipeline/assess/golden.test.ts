import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { boxMean } from '../../../pipeline/assess/boxMean.ts';
import { shiftBetween } from '../../../pipeline/assess/drift.ts';
import { focusScore } from '../../../pipeline/assess/focus.ts';
import { Fourier2d } from '../../../pipeline/assess/fourier.ts';
import { frameNoise } from '../../../pipeline/assess/frameNoise.ts';
import { frcCurve, frcResolutionPx, ringSums } from '../../../pipeline/assess/frc.ts';
import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';
import { meanOf, type Grey } from '../../../pipeline/assess/grey.ts';
import { noiseSigma } from '../../../pipeline/assess/noise.ts';
import { percentiles } from '../../../pipeline/assess/percentile.ts';
import { predictedBandEnergy } from '../../../pipeline/assess/predictedBandEnergy.ts';
import { flaggedShare, residualMap } from '../../../pipeline/assess/residualMap.ts';
import { rowCorrelation } from '../../../pipeline/assess/rowCorrelation.ts';
import { python } from '../../fixtures/python.ts';
import { CAMERA, exposed, filaments, seeded } from './scene.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const size = 128;
const scene = filaments(size, 1.3, 4);
const random = seeded(11);
const a = exposed(scene, CAMERA, random);
const b = exposed(scene, CAMERA, random);
const fourier = new Fourier2d(size);

interface Golden {
  readonly percentiles: number[];
  readonly box: number[];
  readonly gaussian: number[];
  readonly noise: number;
  readonly brenner: number;
  readonly frameNoise: number[];
  readonly rowCorrelation: number;
  readonly frc: number[];
  readonly resolutionPx: number;
  readonly bandEnergy: number;
  readonly flagged: number;
  readonly z: number[];
  readonly shift: number[];
}

function expectClose(ours: ArrayLike<number>, golden: readonly number[], tolerance: number): void {
  expect(ours.length).toBe(golden.length);
  golden.forEach((value, i) => expect(Math.abs(ours[i] - value)).toBeLessThanOrEqual(tolerance));
}

const everyNth = ({ data }: Grey): number[] => [...data].filter((_, i) => i % 97 === 0);

describe.skipIf(!python)('measures against numpy, scipy and scikit-image', () => {
  let golden: Golden;
  const folder = temporaryFolder('golden');
  beforeAll(() => {
    const paths = [a, b].map(({ data }, i) => {
      const path = join(folder, `${i}.f32`);
      writeFileSync(path, new Uint8Array(data.buffer));
      return path;
    });
    const script = join(import.meta.dirname, 'golden.py');
    golden = JSON.parse(execFileSync(python ?? '', [script, ...paths, `${size}`], { encoding: 'utf8' })) as Golden;
  }, 120_000);

  it('percentiles', () => expectClose(percentiles(a.data, [0.1, 50, 99]), golden.percentiles, 1e-3));
  it('box mean', () => expectClose(everyNth(boxMean(a, 5)), golden.box, 1e-3));
  it('Gaussian', () => expectClose(everyNth(gaussianBlur(a, 1.4)), golden.gaussian, 1e-3));
  it('noise', () => expect(noiseSigma(a)).toBeCloseTo(golden.noise, 6));
  it('focus', () => {
    const noise = 30;
    const inner = { ...a, data: a.data.filter((_, i) => i % size >= 2) };
    const expectedScore = (golden.brenner - 2 * noise) / (meanOf(inner.data) - 100) ** 2;
    expect(focusScore(a, 100, noise)).toBeCloseTo(expectedScore, 6);
  });
  it('noise of a frame', () => expectClose(everyNth(frameNoise(a, b)), golden.frameNoise, 1e-3));
  it('row correlation', () => expect(rowCorrelation(frameNoise(a, b))).toBeCloseTo(golden.rowCorrelation, 3));
  it('Fourier ring correlation', () => {
    const curve = frcCurve(ringSums(a, b, fourier));
    expectClose(curve, golden.frc, 1e-9);
    expect(frcResolutionPx(curve)).toBeCloseTo(golden.resolutionPx, 6);
  });
  it('predicted-band energy', () =>
    expect(predictedBandEnergy(a, { magnification: 2 }, fourier)).toBeCloseTo(golden.bandEnergy, 9));
  it('residual map', () => {
    const z = residualMap(a, b, { slope: 8, intercept: -700 });
    expectClose(everyNth(z), golden.z, 1e-3);
    expect(flaggedShare(z)).toBeCloseTo(golden.flagged, 9);
  });
  it('drift', () => {
    const moved = { ...a, data: a.data.map((_, i) => a.data[wrapped(i, 5, -3)]) };
    const shift = shiftBetween(a, moved, fourier);
    expectClose([shift.y, shift.x], golden.shift, 0.05);
    expectClose([shift.y, shift.x], [3, -5], 0.05);
    expect(shift.confidence).toBeGreaterThan(2);
  });
});

/** Index of the sample `dx` to the right of and `dy` below sample `i`, around the edges. */
function wrapped(i: number, dx: number, dy: number): number {
  const x = ((i % size) + dx + size) % size;
  const y = (Math.floor(i / size) + dy + size) % size;
  return y * size + x;
}
