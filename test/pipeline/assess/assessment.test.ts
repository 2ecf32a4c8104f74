import { beforeAll, describe, expect, it } from 'vitest';
import { Assessment, type AssessmentReport } from '../../../pipeline/assess/assessment.ts';
import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';
import type { Grey } from '../../../pipeline/assess/grey.ts';
import { CAMERA as NOISY, everySecond, expected, exposed, filaments, normal, seeded } from './scene.ts';

/**
 * Trust tests: enhancers that are known to deceive, on a scene whose truth is known. The scene is drawn at 256x256 and
 * measured at every second sample: 128x128.
 */
const CAMERA = { ...NOISY, readNoise: 0.5 };
const truth = filaments(256, 1.7);
const scene = everySecond(truth);
const FRAMES = 48;

type Enhance = (raw: Grey) => Grey;

interface Run {
  readonly report: Required<AssessmentReport>;
  /** dB against the noise-free raw intensity, mean over the frames. */
  readonly truePsnr: number;
}

/** Exposures are drawn once for each brightness. */
const exposures = new Map<number, readonly Grey[]>();
function exposuresAt(photons: number): readonly Grey[] {
  const random = seeded(7);
  const known =
    exposures.get(photons) ?? Array.from({ length: FRAMES + 1 }, () => exposed(scene, { ...CAMERA, photons }, random));
  exposures.set(photons, known);
  return known;
}

function run(enhance: Enhance, photons: number): Run {
  const assessment = new Assessment({ instrument: { significantBits: 16, physicalSizeX: 0.1 }, domains: {} });
  const target = everySecond(expected(truth, { ...CAMERA, photons }));
  let error = 0;
  let report: AssessmentReport | undefined;
  exposuresAt(photons).forEach((raw, sequence) => {
    const samples = { sequence, sizeX: raw.sizeX, sizeY: raw.sizeY, offset: 104 };
    report = assessment.handle({ kind: 'raw', place: '0/0', raw: { ...samples, samples: raw.data } });
    const enhanced = enhance(raw);
    const halved = everySecond(enhanced);
    error += meanSquaredDifference(halved, target) / (FRAMES + 1);
    const detail = sequence % 8 === 0 ? { size: 256, samples: enhanced.data, magnification: 2 } : undefined;
    const predicted = { ...samples, raw: raw.data, reduced: halved.data, intensityScale: 1, detail };
    assessment.handle({
      kind: 'predicted',
      place: '0/0',
      modelId: 'm',
      model: 'm',
      isBaseline: false,
      samples: predicted,
    });
  });
  const range = CAMERA.gain * photons;
  return { report: report as Required<AssessmentReport>, truePsnr: 10 * Math.log10(range ** 2 / error) };
}

function meanSquaredDifference(a: Grey, b: Grey): number {
  return a.data.reduce((sum, value, i) => sum + (value - b.data[i]) ** 2, 0) / a.data.length;
}

/** Twice as many samples, sample k on sample 2k, by Keys' cubic half way. */
function twice(raw: Grey): Grey {
  const { sizeX, sizeY } = raw;
  const clamp = (i: number, size: number): number => Math.min(Math.max(i, 0), size - 1);
  const data = new Float32Array(4 * raw.data.length);
  const wide = new Float32Array(2 * raw.data.length);
  const half = (at: (i: number) => number, i: number): number => (9 * (at(i) + at(i + 1)) - at(i - 1) - at(i + 2)) / 16;
  for (let y = 0; y < sizeY; y++) {
    for (let x = 0; x < sizeX; x++) {
      wide[y * 2 * sizeX + 2 * x] = raw.data[y * sizeX + x];
      wide[y * 2 * sizeX + 2 * x + 1] = half((i) => raw.data[y * sizeX + clamp(i, sizeX)], x);
    }
  }
  for (let x = 0; x < 2 * sizeX; x++) {
    for (let y = 0; y < sizeY; y++) {
      data[2 * y * 2 * sizeX + x] = wide[y * 2 * sizeX + x];
      data[(2 * y + 1) * 2 * sizeX + x] = half((i) => wide[clamp(i, sizeY) * 2 * sizeX + x], y);
    }
  }
  return { sizeX: 2 * sizeX, sizeY: 2 * sizeY, data };
}

const oracle =
  (photons: number, change: (value: number, i: number) => number = (value) => value): Enhance =>
  () => {
    const clean = expected(truth, { ...CAMERA, photons });
    return { ...clean, data: clean.data.map(change) };
  };

/** A texture that never changes. */
const texture = ((): Float32Array => {
  const random = seeded(99);
  return Float32Array.from(truth.data, () => normal(random));
})();

describe('trust in an enhanced stream', () => {
  let bicubic: Run;
  let perfect: Run;
  beforeAll(() => {
    bicubic = run(twice, 20);
    perfect = run(oracle(20), 20);
  });

  it('finds nothing wrong with the truth', () => {
    const { predicted } = perfect.report;
    expect(predicted.quality.chiSquared).toBeCloseTo(1, 1);
    expect(predicted.quality.flagged).toBeLessThan(1e-3);
    expect(predicted.quality.predictedBandEnergy).toBeLessThan(2e-3);
    expect(predicted.quality.fluxRatio).toBeCloseTo(1, 2);
    expect(predicted.quality.verdict).toBe('green');
  });

  it('T1: interpolation is no better than raw, and the resolution of raw does not depend on the enhancer', () => {
    const { measured, predicted } = bicubic.report;
    expect(measured.resolutionPx).toBe(perfect.report.measured.resolutionPx);
    expect(predicted.quality.chiSquared).toBeGreaterThan(1.9);
    expect(predicted.quality.chiSquared).toBeLessThan(2.1);
    expect(predicted.quality.verdict).not.toBe('green');
  });

  it('T2: blur is red: detail is gone', () => {
    const blurred = run((raw) => twice(gaussianBlur(raw, 2)), 20).report.predicted.quality;
    expect(blurred.chiSquared).toBeGreaterThan(2);
    expect(blurred.flagged).toBeGreaterThan(0.005);
    expect(blurred.verdict).toBe('red');
  });

  it('T3: a fixed texture, as repeatable as it is false, is not green', () => {
    const textured = run(
      oracle(100, (value, i) => value * (1 + 0.25 * texture[i])),
      100,
    ).report.predicted.quality;
    expect(textured.verdict).toBe('red');
  });

  it('T4: a texture beyond the raw sampling leaves chi-squared blind and is red by its energy', () => {
    // A chequerboard of period 2: nothing of it falls on the even samples.
    const contrast = (_value: number, i: number): number => ((i % 256) % 2 === 1 ? 40 * Math.sign(texture[i]) : 0);
    const { quality } = run(
      oracle(20, (value, i) => value + contrast(value, i)),
      20,
    ).report.predicted;
    expect(quality.chiSquared).toBeCloseTo(1, 1);
    expect(quality.flagged).toBeLessThan(1e-3);
    expect(quality.predictedBandEnergy).toBeGreaterThan(0.05);
    expect(quality.verdict).toBe('red');
    expect(quality.because).toContain('finer than anything that was measured');
  });

  it('T5: an added filament is flagged where there are photons enough to tell', () => {
    const fake = (photons: number): Enhance =>
      oracle(photons, (value, i) => {
        const y = Math.floor(i / 256);
        return value + (y > 60 && y < 66 ? 0.3 * CAMERA.gain * photons : 0);
      });
    const flagged = [2, 20, 100].map((photons) => run(fake(photons), photons).report.predicted.quality.flagged ?? 0);
    expect(flagged[0]).toBeLessThan(flagged[1]);
    expect(flagged[1]).toBeLessThan(flagged[2]);
    expect(flagged[2]).toBeGreaterThan(0.03);
  });

  it('certifies nothing at 2 photons', () => {
    const { quality } = run(oracle(2), 2).report.predicted;
    expect(quality.verdict).toBe('uncertifiable');
    expect(quality.because).toMatch(/photons in bright pixels/);
  });

  it('T12: photon transfer finds the gain within 5 %', () => {
    for (const photons of [20, 100]) {
      const { gain } = run(twice, photons).report.measured;
      expect(Math.abs((gain ?? 0) / CAMERA.gain - 1)).toBeLessThan(0.05);
    }
  });

  it('T13: PSNR without truth agrees with PSNR against the truth within 0.5 dB', () => {
    for (const photons of [20, 100]) {
      for (const enhance of [twice, (raw: Grey) => twice(gaussianBlur(raw, 1))]) {
        const { report, truePsnr } = run(enhance, photons);
        // The ranges differ by definition (percentiles of a mean frame against the camera's full signal): compare errors.
        const range = rangeOf(photons);
        const error = range ** 2 / 10 ** ((report.predicted.quality.uPsnr ?? 0) / 10);
        expect(Math.abs(10 * Math.log10((CAMERA.gain * photons) ** 2 / error) - truePsnr)).toBeLessThan(0.5);
      }
    }
  });

  it('finds the Gaussian that comes nearest to the next frames: wide in little light, narrow in much', () => {
    const widthAt = (photons: number): number => run(twice, photons).report.gaussianSigma;
    const psnr = (sigma: number, photons: number): number =>
      run((raw) => twice(gaussianBlur(raw, sigma)), photons).truePsnr;
    const [dim, bright] = [widthAt(2), widthAt(200)];
    expect(dim).toBeGreaterThan(bright);
    for (const other of [1, 1.4, 2, 2.8]) {
      expect(psnr(dim, 2)).toBeGreaterThan(psnr(other, 2) - 0.5);
      expect(psnr(bright, 200)).toBeGreaterThan(psnr(other, 200) - 0.5);
    }
  });

  it('names no Gaussian where there is nothing to see', () => {
    const assessment = new Assessment({ instrument: { significantBits: 16 }, domains: {} });
    const random = seeded(5);
    const widthOf = (sample: (random: () => number) => number): number | undefined => {
      let report: AssessmentReport | undefined;
      for (let sequence = 0; sequence < FRAMES; sequence++) {
        const samples = Float32Array.from({ length: 64 * 64 }, () => sample(random));
        const raw = { sequence, sizeX: 64, sizeY: 64, samples, offset: 100 };
        report = assessment.handle({ kind: 'raw', place: `${sample.name}/0`, raw });
      }
      return report?.gaussianSigma;
    };
    expect(
      widthOf(function black() {
        return 100;
      }),
    ).toBeUndefined();
    expect(
      widthOf(function noise() {
        return 100 + 5 * normal(random);
      }),
    ).toBeGreaterThan(0);
  });
});

/** p99.9 - p0.1 of the noise-free frame. */
function rangeOf(photons: number): number {
  const sorted = everySecond(expected(truth, { ...CAMERA, photons }))
    .data.slice()
    .sort();
  const at = (percent: number): number => sorted[Math.round(((sorted.length - 1) * percent) / 100)];
  return at(99.9) - at(0.1);
}
