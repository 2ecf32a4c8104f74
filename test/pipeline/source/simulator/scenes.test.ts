import { describe, expect, test } from 'vitest';
import { exposeFrame, lightOf, rawGrid } from '../../../../pipeline/source/simulator/exposure.ts';
import { lightKept, NO_BLEACHING, STILL_STAGE } from '../../../../pipeline/source/simulator/microscope.ts';
import { simulatePair } from '../../../../pipeline/source/simulator/pair.ts';
import { PHOTOMULTIPLIER } from '../../../../pipeline/source/simulator/presets.ts';
import { Random } from '../../../../pipeline/source/simulator/random.ts';
import { prepareBench, type SimulatorSettings } from '../../../../pipeline/source/simulator/settings.ts';
import type { Specimen } from '../../../../pipeline/source/simulator/specimen.ts';
import { createWander, wanderAt } from '../../../../pipeline/source/simulator/wander.ts';

const still = { bleaching: NO_BLEACHING, stage: STILL_STAGE };
const STEADY_SCAN = {
  ...PHOTOMULTIPLIER,
  lineShift: 0,
  lineShiftSwing: 0,
  rowJitter: 0,
  laserNoise: 0,
  detectorTime: 0,
  darkRate: 0,
};

function mean(values: ArrayLike<number>): number {
  return (
    (Array.prototype.reduce.call(values, (sum, value) => (sum as number) + (value as number), 0) as number) /
    values.length
  );
}

/** Middle of the light above `floor`, in samples. */
function centroid(image: ArrayLike<number>, sizeX: number, floor: number): { x: number; y: number } {
  let total = 0;
  let x = 0;
  let y = 0;
  for (let k = 0; k < image.length; k++) {
    const value = Math.max(0, image[k]! - floor);
    total += value;
    x += value * (k % sizeX);
    y += value * Math.floor(k / sizeX);
  }
  return { x: x / total, y: y / total };
}

describe('truth and raw frame', () => {
  test('raw sample k lies on truth sample 2k, in the same units', () => {
    const settings: SimulatorSettings = {
      sizeX: 32,
      sizeY: 24,
      // A wide spot: no aliasing.
      specimen: { kind: 'rod-gap', gap: 0, angle: 0, x: 0.33, y: -0.21, length: 0.1, radius: 0.6 },
      microscope: { ...still, background: 0.2, photons: 60, detector: STEADY_SCAN },
    };
    const frames = Array.from({ length: 20 }, (_, t) => simulatePair(settings, 1, t));
    const { truth, offset, countsPerElectron } = frames[0]!;
    expect([truth.sizeX, truth.sizeY]).toEqual([64, 48]);
    const floor = offset + 0.2 * countsPerElectron + 40;
    const ideal = centroid(truth.data, 64, floor);
    const averaged = Float64Array.from(frames[0]!.raw.data, (_, k) => mean(frames.map(({ raw }) => raw.data[k]!)));
    const found = centroid(averaged, 32, floor);
    expect(found.x).toBeCloseTo(ideal.x / 2, 1);
    expect(found.y).toBeCloseTo(ideal.y / 2, 1);
    // Mean counts of raw and truth agree: same offset, same gain.
    expect(Math.abs(mean(averaged) / mean(truth.data) - 1)).toBeLessThan(0.03);
  });

  test('frames can be asked for in any order', () => {
    const settings = { sizeX: 64, sizeY: 64 };
    const forwards = [0, 1, 2, 3].map((t) => exposeFrame(prepareBench(settings), t));
    const bench = prepareBench(settings);
    for (const t of [3, 1, 0, 2]) expect(exposeFrame(bench, t)).toEqual(forwards[t]);
  });

  test('the same field is seen by the fast and the slow scan', () => {
    const fast = prepareBench({ microscope: still });
    const slow = prepareBench({ preset: 'fv-hr', microscope: still });
    expect(slow.scene.objects(1)).toEqual(fast.scene.objects(1));
  });
});

describe('mitochondria', () => {
  const { scene } = prepareBench();

  test('a fission makes two objects of one, a fusion one of two', () => {
    const events = scene.events(0, 60);
    expect(events.filter(({ kind }) => kind === 'fission').length).toBeGreaterThan(5);
    expect(events.filter(({ kind }) => kind === 'fusion').length).toBeGreaterThan(5);
    for (const { kind, time, ids } of events.slice(0, 12)) {
      const [whole, ...parts] = ids;
      const at = (when: number) => scene.objects(when).map(({ id }) => id);
      const [before, after] = [at(time - 0.05), at(time + 0.05)];
      const [joined, split] = kind === 'fission' ? [before, after] : [after, before];
      expect(joined).toContain(whole);
      expect(joined).not.toContain(parts[0]);
      expect(split).toEqual(expect.arrayContaining(parts));
      expect(split).not.toContain(whole);
    }
  });

  test('events come in order and only once, however time is cut', () => {
    const all = scene.events(3, 33);
    expect(all).toEqual([...scene.events(3, 11), ...scene.events(11, 33)]);
    expect(all.map(({ time }) => time)).toEqual(all.map(({ time }) => time).sort((a, b) => a - b));
  });

  test('they move at a visible pace, and none jumps', () => {
    let moved = 0;
    const start = scene.objects(10);
    const later = new Map(scene.objects(11).map((object) => [object.id, object]));
    const soon = new Map(scene.objects(10.05).map((object) => [object.id, object]));
    for (const object of start) {
      const after = later.get(object.id);
      const next = soon.get(object.id);
      if (!after || !next) continue;
      const middle = 2 * Math.floor(object.path.length / 4);
      const distance = (to: Float32Array) =>
        Math.hypot(to[middle]! - object.path[middle]!, to[middle + 1]! - object.path[middle + 1]!);
      expect(distance(next.path)).toBeLessThan(0.2);
      moved += distance(after.path) / start.length;
    }
    expect(moved).toBeGreaterThan(0.05);
    expect(moved).toBeLessThan(1);
  });
});

describe('disturbances', () => {
  test.each([-0.8, 0.3, 1.2])('odd lines are read %d pixels to the right of their place', (lineShift) => {
    const shifted = { ...STEADY_SCAN, lineShift, excessNoise: 1 };
    const bar: Specimen = { kind: 'rod-gap', gap: 0, angle: 90, x: 0, y: 0, length: 10, radius: 0.5 };
    const bench = prepareBench({
      sizeX: 32,
      sizeY: 32,
      specimen: bar,
      microscope: { ...still, photons: 200, background: 0, detector: { ...shifted, gain: 10 } },
    });
    const frame = exposeFrame(bench, 0);
    const middle = (parity: number) => {
      const lines = Array.from({ length: 6 }, (_, n) =>
        frame.subarray((10 + 2 * n + parity) * 32, (11 + 2 * n + parity) * 32),
      );
      return mean(lines.map((line) => centroid(line, 32, 160).x));
    };
    // What is read further to the right appears further to the left.
    expect(middle(0) - middle(1)).toBeCloseTo(lineShift, 1);
  });

  test('bleaching can be fitted from the frames within 5 %', () => {
    const bleaching = { plateau: 0, fastShare: 1, fastTime: 20, slowTime: 600 };
    const settings: SimulatorSettings = {
      sizeX: 32,
      sizeY: 32,
      specimen: { kind: 'uniform', value: 1 },
      microscope: { ...still, bleaching, background: 0, photons: 20 },
    };
    const bench = prepareBench(settings);
    let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
    for (let index = 0; index < 400; index += 10) {
      const time = index / 20;
      const logarithm = Math.log(mean(exposeFrame(bench, index)) - 100);
      n += 1;
      x += time;
      y += logarithm;
      xx += time * time;
      xy += time * logarithm;
    }
    const slope = (n * xy - x * y) / (n * xx - x * x);
    expect(Math.abs(-1 / slope / 20 - 1)).toBeLessThan(0.05);
  });

  test('bleaching starts at all of the light and ends at its plateau', () => {
    const bleaching = { plateau: 0.3, fastShare: 0.5, fastTime: 20, slowTime: 200 };
    expect(lightKept(bleaching, 0)).toBe(1);
    expect(lightKept(bleaching, 1e5)).toBeCloseTo(0.3, 10);
  });

  test('a wander has the variance and the memory that it was given', () => {
    const random = new Random(1);
    const tau = 4;
    let variance = 0;
    let covariance = 0;
    const count = 20_000;
    for (let n = 0; n < count; n++) {
      const wander = createWander(random, 0.5, tau);
      variance += wanderAt(wander, 7) ** 2 / count;
      covariance += (wanderAt(wander, 7) * wanderAt(wander, 7 + tau)) / count;
    }
    expect(variance).toBeCloseTo(0.25, 1.7);
    expect(covariance / variance).toBeCloseTo(Math.exp(-1), 1.3);
  });

  test('drift moves the field by its speed', () => {
    const stage = { ...STILL_STAGE, driftX: 2, driftY: -1 };
    const settings: SimulatorSettings = {
      sizeX: 64,
      sizeY: 64,
      specimen: { kind: 'rod-gap', gap: 0, angle: 0, x: 0, y: 0, length: 0.1, radius: 0.6 },
      microscope: { ...still, stage, background: 0 },
    };
    const bench = prepareBench(settings);
    const place = (index: number) => centroid(lightOf(bench, index, rawGrid(bench.microscope)), 64, 0.6);
    const [from, to] = [place(0), place(20)];
    expect((to.x - from.x) * 0.2).toBeCloseTo(2, 2);
    expect((to.y - from.y) * 0.2).toBeCloseTo(-1, 2);
  });
});

describe('phantoms', () => {
  const light = (specimen: Specimen, t = 0) => {
    const bench = prepareBench({
      sizeX: 128,
      sizeY: 128,
      specimen,
      microscope: { ...still, background: 0, photons: 1 },
    });
    return { bench, image: lightOf(bench, t, rawGrid(bench.microscope)) };
  };

  test('a uniform field is uniform, and a blank one dark', () => {
    expect(new Set(light({ kind: 'uniform', value: 3 }).image)).toEqual(new Set([3]));
    expect(new Set(light({ kind: 'uniform', value: 0 }).image)).toEqual(new Set([0]));
  });

  test('a gap of 0 is one rod; a wide gap is dark in the middle', () => {
    const rods = (gap: number) =>
      light({ kind: 'rod-gap', gap, angle: 0, x: 0.1, y: 0.1, length: 3, radius: 0.2 }).image;
    const middle = 64 * 128 + 64;
    expect(rods(0)[middle]! / rods(0)[middle + 5]!).toBeCloseTo(1, 2);
    expect(rods(1)[middle]!).toBeLessThan(0.05 * rods(1)[middle + 8]!);
  });

  test('crossing rods are as far apart as their speed says', () => {
    const specimen: Specimen = { kind: 'crossing', offset: 2, speed: 1, angle: 0, length: 4, radius: 0.2 };
    const { bench } = light(specimen);
    const apart = (time: number) => {
      const [a, b] = bench.scene.objects(time);
      return Math.abs(a!.path[1]! - b!.path[1]!);
    };
    expect(apart(0)).toBeCloseTo(2, 5);
    expect(apart(1.5)).toBeCloseTo(0.5, 5);
    expect(apart(2)).toBeCloseTo(0, 5);
  });

  test('line pairs lie as far apart as asked', () => {
    const { bench } = light({ kind: 'line-pairs', spacings: [0.2, 0.4], angle: 0, length: 6 });
    const y = bench.scene.objects(0).map(({ path }) => path[1]!);
    expect(y[1]! - y[0]!).toBeCloseTo(0.2, 5);
    expect(y[3]! - y[2]!).toBeCloseTo(0.4, 5);
  });

  test('beads keep their distance', () => {
    const beads = light({ kind: 'beads', count: 30, diameter: 0.1, light: 1 }).bench.scene.objects(0);
    expect(beads.length).toBe(30);
    for (const a of beads) {
      for (const b of beads) {
        if (a !== b) expect(Math.hypot(a.path[0]! - b.path[0]!, a.path[1]! - b.path[1]!)).toBeGreaterThanOrEqual(2);
      }
    }
  });

  test('a chirp loses contrast as the optics do', () => {
    const { image } = light({ kind: 'chirp', from: 0.1, to: 2 });
    const contrast = (from: number, to: number) => {
      const row = image.subarray(64 * 128 + from, 64 * 128 + to);
      return Math.max(...row) - Math.min(...row);
    };
    expect(contrast(0, 40)).toBeGreaterThan(0.95);
    expect(contrast(112, 128)).toBeLessThan(0.5);
  });

  test('an embedded phantom has mitochondria around it, and room', () => {
    const alone = light({ kind: 'uniform', value: 0 }).image;
    const { image, bench } = light({ kind: 'uniform', value: 0, embedded: true });
    expect(Math.max(...image)).toBeGreaterThan(Math.max(...alone) + 0.5);
    for (const { path } of bench.scene.objects(0)) {
      const inRoom = Math.abs(path[0]!) < 4 && Math.abs(path[1]!) < 4;
      expect(inRoom).toBe(false);
    }
  });

  test('random phases keep the spread of the intensities, and light is never negative', () => {
    const { image } = light({ kind: 'random-phase' });
    const model = light({ kind: 'mitochondria' }).image;
    const spread = (values: Float32Array) => {
      const middle = mean(values);
      return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
    };
    expect(Math.min(...image)).toBeGreaterThanOrEqual(0);
    expect(spread(image) / spread(model)).toBeGreaterThan(0.5);
    expect(spread(image) / spread(model)).toBeLessThan(2);
  });
});
