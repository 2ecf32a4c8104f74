import { describe, expect, test } from 'vitest';
import { createCameraMaps, detectCamera, type Camera } from '../../../../pipeline/source/simulator/camera.ts';
import { PHOTOMULTIPLIER, SCMOS } from '../../../../pipeline/source/simulator/presets.ts';
import { Random } from '../../../../pipeline/source/simulator/random.ts';
import { carryOver, detectScan, type ScanDetector } from '../../../../pipeline/source/simulator/scanner.ts';

const SIZE = 64;
const FRAMES = 64;
const DWELL = 0.57e-6;

const plain: ScanDetector = {
  ...PHOTOMULTIPLIER,
  gain: 20,
  offset: 100,
  readNoise: 15,
  excessNoise: 1.2,
  darkRate: 0,
  detectorTime: 0,
  laserNoise: 0,
};

/** Frames of a ramp of light, dark to `brightest` from left to right. */
function ramp(brightest: number): Float32Array {
  return Float32Array.from({ length: SIZE * SIZE }, (_, k) => ((k % SIZE) / (SIZE - 1)) * brightest);
}

/** Per column of the ramp: mean and variance over its rows and all frames. */
function columns(frames: readonly ArrayLike<number>[]): { mean: number; variance: number }[] {
  return Array.from({ length: SIZE }, (_, column) => {
    let sum = 0;
    let squares = 0;
    for (const frame of frames) {
      for (let row = 0; row < SIZE; row++) {
        const value = frame[row * SIZE + column]!;
        sum += value;
        squares += value * value;
      }
    }
    const count = frames.length * SIZE;
    const mean = sum / count;
    return { mean, variance: (squares / count - mean * mean) * (count / (count - 1)) };
  });
}

/** Straight line through the columns, each weighted with the certainty of its variance. */
function photonTransfer(points: readonly { mean: number; variance: number }[]): { slope: number; intercept: number } {
  let w = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let xy = 0;
  for (const { mean, variance } of points) {
    const weight = 1 / variance ** 2;
    w += weight;
    x += weight * mean;
    y += weight * variance;
    xx += weight * mean * mean;
    xy += weight * mean * variance;
  }
  const slope = (w * xy - x * y) / (w * xx - x * x);
  return { slope, intercept: (y - slope * x) / w };
}

/** Correlation of each sample's deviation with that of its right neighbour. */
function rowCorrelation(frames: readonly ArrayLike<number>[], mean: number): number {
  let product = 0;
  let square = 0;
  for (const frame of frames) {
    for (let k = 0; k + 1 < frame.length; k++) {
      if (k % SIZE === SIZE - 1) continue;
      product += (frame[k]! - mean) * (frame[k + 1]! - mean);
      square += (frame[k]! - mean) ** 2;
    }
  }
  return product / square;
}

describe('a scanning detector', () => {
  test('photon transfer over 64 frames gives gain * F^2 within 2 % and the read noise within 3 %', () => {
    const random = new Random(1);
    const frames = Array.from({ length: FRAMES }, () => detectScan(ramp(10), SIZE, plain, DWELL, random));
    const { slope, intercept } = photonTransfer(columns(frames));
    expect(Math.abs(slope / (plain.gain * plain.excessNoise) - 1)).toBeLessThan(0.02);
    // Var = slope * (mean - offset) + readNoise^2; rounding adds 1/12.
    const readNoise = Math.sqrt(intercept + slope * plain.offset - 1 / 12);
    expect(Math.abs(readNoise / plain.readNoise - 1)).toBeLessThan(0.03);
  });

  test('gives on average gain * light + offset', () => {
    const random = new Random(2);
    const light = new Float32Array(SIZE * SIZE).fill(5);
    const frames = Array.from({ length: FRAMES }, () => detectScan(light, SIZE, plain, DWELL, random));
    const mean = columns(frames).reduce((sum, column) => sum + column.mean / SIZE, 0);
    expect(mean).toBeCloseTo(plain.offset + 5 * plain.gain, 0);
  });

  test.each([0.06, 0.25, 0.4])(
    'its bandwidth correlates neighbours in a row by %d, and the variance shrinks',
    (alpha) => {
      const detector = { ...plain, readNoise: 0, offset: 0, gain: 100, detectorTime: -DWELL / Math.log(alpha) };
      expect(carryOver(detector, DWELL)).toBeCloseTo(alpha, 10);
      const random = new Random(3);
      const light = new Float32Array(SIZE * SIZE).fill(8);
      const frames = Array.from({ length: FRAMES }, () => detectScan(light, SIZE, detector, DWELL, random));
      expect(Math.abs(rowCorrelation(frames, 800) - alpha)).toBeLessThan(0.01);
      const inner = columns(frames).slice(10, -10);
      const variance = inner.reduce((sum, column) => sum + column.variance / inner.length, 0);
      const expected = (100 ** 2 * 1.2 * 8 * (1 - alpha)) / (1 + alpha);
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.03);
    },
  );

  test('carries light over in the direction of the scan, which alternates', () => {
    const detector = { ...plain, excessNoise: 1, readNoise: 0, detectorTime: 0.5e-6 };
    const light = new Float32Array(SIZE * 2);
    light[20] = 1000;
    light[SIZE + 20] = 1000;
    const frame = detectScan(light, SIZE, detector, DWELL, new Random(4));
    expect(frame[21]).toBeGreaterThan(detector.offset + 100);
    expect(frame[19]).toBe(detector.offset);
    expect(frame[SIZE + 19]).toBeGreaterThan(detector.offset + 100);
    expect(frame[SIZE + 21]).toBe(detector.offset);
  });

  test('saturates at its bits and never goes below zero', () => {
    const random = new Random(5);
    expect(detectScan(Float32Array.of(1e5), 1, plain, DWELL, random)[0]).toBe(4095);
    expect(detectScan(Float32Array.of(0), 1, { ...plain, offset: -500 }, DWELL, random)[0]).toBe(0);
  });
});

describe('a camera', () => {
  const even: Camera = { ...SCMOS, hotShare: 0, vignetting: 0, dust: 0, darkRate: 0 };

  test('photon transfer over 64 frames gives the gain within 2 % and the read noise within 3 %', () => {
    const camera = { ...even, responseSpread: 0, offsetSpread: 0, readNoiseSpread: 0, readNoise: 1.6 };
    const random = new Random(6);
    const maps = createCameraMaps(camera, SIZE, SIZE, 1, random);
    const frames = Array.from({ length: FRAMES }, () => detectCamera(ramp(30), camera, maps, 0.05, random));
    const { slope, intercept } = photonTransfer(columns(frames));
    expect(Math.abs(slope * camera.electronsPerCount - 1)).toBeLessThan(0.02);
    const readNoise = Math.sqrt(intercept + slope * camera.offset - 1 / 12) * camera.electronsPerCount;
    expect(Math.abs(readNoise / camera.readNoise - 1)).toBeLessThan(0.03);
  });

  test('each pixel keeps its own offset, read noise and response', () => {
    const camera = { ...even, responseSpread: 0.05, offsetSpread: 5 };
    const maps = createCameraMaps(camera, SIZE, SIZE, 1, new Random(7));
    const random = new Random(8);
    const dark = new Float32Array(SIZE * SIZE);
    const sums = new Float64Array(dark.length);
    for (let n = 0; n < FRAMES; n++) {
      detectCamera(dark, camera, maps, 0.05, random).forEach((value, k) => (sums[k]! += value / FRAMES));
    }
    const worst = sums.reduce((most, mean, k) => {
      const error = Math.sqrt((maps.readNoise[k]! / camera.electronsPerCount) ** 2 + 1 / 12) / Math.sqrt(FRAMES);
      return Math.max(most, Math.abs(mean - maps.offset[k]!) / error);
    }, 0);
    expect(worst).toBeLessThan(5);
  });

  test('vignetting and dust take light, hot pixels add counts', () => {
    const camera = { ...even, vignetting: 0.3, dust: 3, hotShare: 0.01, hotRate: 2000 };
    const maps = createCameraMaps(camera, SIZE, SIZE, 1, new Random(9));
    expect(maps.flat[0]).toBeLessThan(0.75);
    expect(Math.max(...maps.flat)).toBeLessThanOrEqual(1);
    expect(maps.darkRate.filter((rate) => rate === 2000).length).toBeGreaterThan(10);
  });

  test('eight bits come as uint8', () => {
    const camera = { ...even, significantBits: 8 };
    const maps = createCameraMaps(camera, 4, 4, 3, new Random(1));
    const frame = detectCamera(new Float32Array(48).fill(1e6), camera, maps, 0.05, new Random(2));
    expect(frame).toBeInstanceOf(Uint8Array);
    expect([...frame]).toEqual(new Array(48).fill(255));
  });
});
