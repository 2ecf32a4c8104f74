import { describe, expect, it } from 'vitest';
import { Budget } from '../../../pipeline/assess/budget.ts';
import { BidirectionalOffset } from '../../../pipeline/assess/bidirectionalOffset.ts';
import { intensityKept } from '../../../pipeline/assess/bleaching.ts';
import { crossFrameChiSquared } from '../../../pipeline/assess/crossFrameChiSquared.ts';
import { Comparison } from '../../../pipeline/assess/comparison.ts';
import { domainOf } from '../../../pipeline/assess/domain.ts';
import { DriftTracker } from '../../../pipeline/assess/driftTracker.ts';
import { fluxRatio } from '../../../pipeline/assess/fluxRatio.ts';
import { frameNoise } from '../../../pipeline/assess/frameNoise.ts';
import { reduced, type Grey } from '../../../pipeline/assess/grey.ts';
import { PhotonTransfer } from '../../../pipeline/assess/photonTransfer.ts';
import { photons } from '../../../pipeline/assess/photons.ts';
import { isDue, RawWatch } from '../../../pipeline/assess/rawWatch.ts';
import { rowCorrelation } from '../../../pipeline/assess/rowCorrelation.ts';
import { RunningMean } from '../../../pipeline/assess/runningMean.ts';
import { saturation } from '../../../pipeline/assess/saturation.ts';
import { stillDifference, stillPixels, stillVariance } from '../../../pipeline/assess/stillness.ts';
import { uPsnr } from '../../../pipeline/assess/uPsnr.ts';
import { verdictOf, type Evidence } from '../../../pipeline/assess/verdict.ts';
import type { MeasuredQuality } from '../../../pipeline/frame.ts';
import { CAMERA, exposed, filaments, normal, seeded } from './scene.ts';

const size = 128;

/** A scene of sine waves, whose value anywhere is known. */
function waves(dx = 0, dy = 0, oddLines = 0): Grey {
  const data = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const sx = x - dx - (y % 2) * oddLines;
      const sy = y - dy;
      const blob = (cx: number, cy: number): number => Math.exp(-((sx - cx) ** 2 + (sy - cy) ** 2) / 8);
      data[y * size + x] = blob(40, 50) + blob(80, 60) + 0.7 * blob(62, 85) + 0.5 * blob(70, 40) + 0.8 * blob(52, 70);
    }
  }
  return { sizeX: size, sizeY: size, data };
}

describe('photon transfer', () => {
  it('finds gain and read noise of a camera that was simulated', () => {
    const scene = filaments(size, 1.5);
    const random = seeded(3);
    const transfer = new PhotonTransfer(size, size);
    let before: Grey | undefined;
    for (let i = 0; i < 32; i++) {
      const frame = exposed(scene, CAMERA, random);
      transfer.add(frame, before && frameNoise(before, frame));
      before = frame;
    }
    const fit = transfer.fit();
    expect(fit).toBeDefined();
    const found = photons(fit!, { dark: CAMERA.offset, bright: CAMERA.offset + 10 * CAMERA.gain, mean: CAMERA.offset });
    expect(Math.abs(found.gain / CAMERA.gain - 1)).toBeLessThan(0.05);
    expect(Math.abs(found.readNoise / CAMERA.readNoise - 1)).toBeLessThan(0.05);
    expect(Math.abs(found.photonsBright / 10 - 1)).toBeLessThan(0.05);
    expect(found.photonsMean).toBe(0);
  });

  it('gives nothing for a scene without contrast or of few frames', () => {
    const flat = { sizeX: size, sizeY: size, data: new Float32Array(size * size).fill(5) };
    const transfer = new PhotonTransfer(size, size);
    expect(transfer.fit()).toBeUndefined();
    for (let i = 0; i < 8; i++) transfer.add(flat, frameNoise(flat, flat));
    expect(transfer.fit()).toBeUndefined();
  });

  it('finds the gain while the scene moves', () => {
    const random = seeded(8);
    const watch = new RawWatch({ significantBits: 12 });
    let measured: MeasuredQuality | undefined;
    for (let sequence = 0; sequence < 32; sequence++) {
      const samples = exposed(waves(0.8 * sequence, 0.3 * sequence), CAMERA, random).data;
      measured = watch.observe({ sequence, sizeX: size, sizeY: size, offset: 100, samples });
    }
    expect(Math.abs((measured?.gain ?? 0) / CAMERA.gain - 1)).toBeLessThan(0.1);
    expect(Math.abs(measured?.rowCorrelation ?? NaN)).toBeLessThan(0.03);
  });
});

describe('motion', () => {
  const random = seeded(12);
  const camera = { ...CAMERA, photons: 60 };

  it('is told from noise, tile by tile', () => {
    const [before, now, later] = [0, 0, 3].map((dx) => exposed(waves(dx), camera, random));
    const still = stillPixels(before, now, frameNoise(before, now));
    expect(still.count).toBeGreaterThan(0.97 * size * size);
    const moved = stillPixels(now, later, frameNoise(now, later));
    expect(moved.mask[50 * size + 40]).toBe(0); // A blob was there.
    expect(moved.mask[5 * size + 5]).toBe(1); // Nothing ever is there.
    expect(moved.count).toBeLessThan(0.9 * size * size);
  });

  it('does not add to the noise that is measured', () => {
    const noiseOf = (dx: number): number => {
      const [before, now] = [exposed(waves(), camera, random), exposed(waves(dx), camera, random)];
      const noise = frameNoise(before, now);
      return stillVariance(noise, { mask: new Uint8Array(size * size).fill(1), count: size * size });
    };
    expect(Math.abs(noiseOf(1) / noiseOf(0) - 1)).toBeLessThan(0.15);
  });

  it('keeps most of a picture out of a comparison, and then nothing is said', () => {
    const grey = exposed(waves(), camera, random);
    const next = { sequence: 1, grey, still: { mask: new Uint8Array(size * size), count: 0 }, noiseVariance: 4 };
    const comparison = new Comparison(8);
    comparison.add(grey, next);
    expect(comparison.count).toBe(0);
  });
});

describe('geometry', () => {
  it('recovers a sub-pixel shift of odd lines, to the right positive', () => {
    for (const shift of [-1.3, 0, 0.5, 1.3]) {
      const offset = new BidirectionalOffset(size, 10);
      const random = seeded(2);
      for (let i = 0; i < 10; i++) offset.add(exposed(waves(0, 0, shift), { ...CAMERA, photons: 40 }, random));
      expect(Math.abs((offset.shift ?? NaN) - shift)).toBeLessThan(0.1);
    }
  });

  it('finds no shift where lines have nothing in common', () => {
    const offset = new BidirectionalOffset(size, 10);
    const random = seeded(2);
    for (let i = 0; i < 10; i++) {
      offset.add({ sizeX: size, sizeY: size, data: Float32Array.from({ length: size * size }, () => normal(random)) });
    }
    expect(offset.shift).toBeUndefined();
  });

  it('follows drift, to the right and down positive', () => {
    const tracker = new DriftTracker(size, size);
    const random = seeded(6);
    for (let i = 0; i < 40; i++) tracker.add(exposed(waves(0.1 * i, -0.05 * i), { ...CAMERA, photons: 40 }, random));
    // The reference is the mean of frames 0..3, the last one compared that of frames 28..31.
    expect(Math.abs((tracker.drift?.x ?? 0) - 2.8)).toBeLessThan(0.2);
    expect(Math.abs((tracker.drift?.y ?? 0) + 1.4)).toBeLessThan(0.2);
  });

  it('reduces an enhanced picture by taking every second sample', () => {
    const data = Uint16Array.from({ length: 64 }, (_, i) => i);
    const plane = { sizeX: 8, sizeY: 8, samplesPerPixel: 1 as const, pixelType: 'uint16' as const, data };
    expect([...reduced(plane, 2, { x: 1, y: 1, sizeX: 2, sizeY: 2 })]).toEqual([18, 20, 34, 36]);
  });
});

describe('numbers', () => {
  it('counts saturated and dark pixels', () => {
    expect(saturation(Uint16Array.of(0, 1, 4095, 4094), 12)).toEqual({ saturated: 0.25, atZero: 0.25 });
    expect(saturation(Float32Array.of(-1, 1e9), 12)).toEqual({ saturated: 0, atZero: 0.5 });
  });

  it('measures noise that is correlated along rows', () => {
    const random = seeded(1);
    const noise = (alpha: number): Grey => {
      let last = 0;
      const data = Float32Array.from(
        { length: size * size },
        () => (last = alpha * last + (1 - alpha) * normal(random)),
      );
      return { sizeX: size, sizeY: size, data };
    };
    expect(Math.abs((rowCorrelation(frameNoise(noise(0.4), noise(0.4))) ?? NaN) - 0.4)).toBeLessThan(0.02);
    expect(Math.abs(rowCorrelation(frameNoise(noise(0), noise(0))) ?? NaN)).toBeLessThan(0.02);
    const still = noise(0);
    expect(rowCorrelation(frameNoise(still, still))).toBeUndefined();
  });

  it('samples noise with the variance of one frame', () => {
    const random = seeded(9);
    const noise = (): Grey => {
      const data = Float32Array.from({ length: size * size }, () => 7 * normal(random));
      return { sizeX: size, sizeY: size, data };
    };
    const [before, now] = [noise(), noise()];
    const whole = { mask: new Uint8Array(size * size).fill(1), count: size * size };
    expect(Math.sqrt(stillVariance(frameNoise(before, now), whole)) / 7).toBeCloseTo(1, 1);
    expect(stillDifference(before, now, whole) / 98).toBeCloseTo(1, 1);
  });

  it('takes the noise of the next frame off the error', () => {
    expect(uPsnr(100, 11, 10, 1e12)).toBeCloseTo(40, 6);
    expect(uPsnr(100, 9, 10, 400)).toBeCloseTo(40, 6); // The floor: 2 * 10 / 20.
    expect(crossFrameChiSquared(20, 10)).toBe(2);
    expect(crossFrameChiSquared(20, 0)).toBeUndefined();
  });

  it('compares brightness above the dark level', () => {
    const picture = (value: number): Grey => ({ sizeX: 2, sizeY: 1, data: Float32Array.of(value, value) });
    expect(fluxRatio(picture(130), picture(120), 100)).toBe(1.5);
    expect(fluxRatio(picture(130), picture(100), 100)).toBeUndefined();
    expect(intensityKept(200, 150, 100)).toBe(0.5);
    expect(intensityKept(100, 150, 100)).toBeUndefined();
  });

  it('is a plain mean first and forgets later', () => {
    const mean = new RunningMean(2);
    [1, 3, 8].forEach((value) => mean.add(value));
    expect(mean.mean).toBe(5);
  });

  it('is due early, then regularly', () => {
    expect(Array.from({ length: 33 }, (_, i) => i).filter((frame) => frame > 0 && isDue(frame, 8))).toEqual([
      2, 4, 8, 16, 24, 32,
    ]);
  });
});

describe('domain', () => {
  const measured = { photonsBright: 12, rowCorrelation: 0.3 } as MeasuredQuality;
  it('is in, near or out, and names what is', () => {
    expect(domainOf(measured, { photonsBright: [2, 20] }).verdict).toBe('in');
    expect(domainOf(measured, { photonsBright: [2, 11], rowCorrelation: [0, 0.5] }).verdict).toBe('near');
    const out = domainOf(measured, { photonsBright: [2, 20], rowCorrelation: [0, 0.1] });
    expect(out).toEqual({ verdict: 'out', because: 'noise correlation along rows: 0.300, trained on 0 to 0.1' });
  });
  it('is unknown without a range or a measurement', () => {
    expect(domainOf(measured, undefined).verdict).toBe('unknown');
    expect(domainOf(measured, { resolutionPx: [2, 6] }).verdict).toBe('unknown');
  });
});

describe('verdict', () => {
  const good: Evidence = { chiSquared: 1.05, flagged: 0, predictedBandEnergy: 0.001, fluxRatio: 1, photonsBright: 20 };
  it('is green when everything was measured and nothing was found', () => {
    expect(verdictOf(good)).toEqual({ verdict: 'green' });
  });
  it.each([
    [{ chiSquared: 2.2 }, 'red', 'no better than a raw frame'],
    [{ flagged: 0.01 }, 'amber', 'disagree with their raw frame'],
    [{ flagged: 0.05 }, 'red', 'disagree with their raw frame'],
    [{ predictedBandEnergy: 0.07 }, 'red', 'finer than anything that was measured'],
    [{ fluxRatio: 0.9 }, 'amber', 'brightness is 90 %'],
    [{ uPsnr: 25, uPsnrGaussian: 26 }, 'amber', 'a plain Gaussian does better'],
    [{ domain: { verdict: 'out' as const, because: 'x' } }, 'red', 'outside what the model was trained on'],
    [{ chiSquared: undefined }, 'uncertifiable', 'too few raw frames'],
    [{ photonsBright: undefined }, 'uncertifiable', 'brighter than the rest'],
    [{ stillShare: 0.05 }, 'uncertifiable', 'nearly everything moves'],
    [{ photonsBright: 2 }, 'uncertifiable', 'only 2.0 photons'],
    [{ photonsBright: 2, flagged: 0.05 }, 'red', 'disagree with their raw frame'],
  ])('%o is %s', (change, verdict, because) => {
    const found = verdictOf({ ...good, ...change });
    expect(found.verdict).toBe(verdict);
    expect(found.because).toContain(because);
  });
});

describe('budget', () => {
  it('keeps work to its share, with what was saved for bursts', () => {
    const budget = new Budget(0.2, 100, 0);
    budget.spend(150);
    expect(budget.allows(100)).toBe(false); // 100 - 150 + 20
    expect(budget.allows(300)).toBe(true); // 40 more
    budget.spend(10 + 1000);
    expect(budget.allows(4_900)).toBe(false);
    expect(budget.allows(5_400)).toBe(true);
    budget.allows(1_000_000);
    budget.spend(100);
    expect(budget.allows(1_000_000)).toBe(false); // Never more than 100 saved.
  });
});
