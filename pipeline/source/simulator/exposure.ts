import { dwellTime, lightKept, lineTime, type Microscope } from './microscope.ts';
import { Random } from './random.ts';
import { detectScan } from './scanner.ts';
import type { Scene } from './scene.ts';
import { gridTwiceAsFine, type Grid, type View } from './view.ts';
import { createWander, wanderAt, type Wander } from './wander.ts';

/** A microscope over a specimen: frames are a pure function of their index. */
export interface Bench {
  readonly microscope: Microscope;
  readonly scene: Scene;
  readonly seed: number;
  readonly jitterX: Wander;
  readonly jitterY: Wander;
  readonly focus: Wander;
}

/** Streams of the seed: what is drawn from one never shifts what is drawn from another. */
const STAGE_STREAM = 1;
const FIRST_FRAME_STREAM = 1000;

export function createBench(microscope: Microscope, scene: Scene, seed: number): Bench {
  const random = new Random(seed, STAGE_STREAM);
  const { jitter, jitterTime, focus, focusTime } = microscope.stage;
  return {
    microscope,
    scene,
    seed,
    jitterX: createWander(random, jitter, jitterTime),
    jitterY: createWander(random, jitter, jitterTime),
    focus: createWander(random, focus, focusTime),
  };
}

/** Where the raw samples are. */
export function rawGrid({ sizeX, sizeY, pixelSize }: Microscope): Grid {
  return {
    sizeX,
    sizeY,
    pixelSize,
    x0: -((sizeX - 1) / 2) * pixelSize,
    y0: -((sizeY - 1) / 2) * pixelSize,
    apertureX: pixelSize,
    apertureY: 0,
  };
}

/** Noise-free light of frame `index` on a grid, e- per raw sample, without the errors of the scanner's lines. */
export function lightOf(bench: Bench, index: number, grid: Grid): Float32Array {
  return illuminate(bench, index, viewOf(bench, index, grid));
}

/** The truth of frame `index` on twice as many samples each way: raw sample k lies on sample 2k. e- per raw sample. */
export function truthTwiceAsFine(bench: Bench, index: number): Float32Array {
  return lightOf(bench, index, gridTwiceAsFine(rawGrid(bench.microscope)));
}

/** The raw frame `index`, in counts. */
export function exposeFrame(bench: Bench, index: number): Uint16Array {
  const { microscope, seed } = bench;
  const random = new Random(seed, FIRST_FRAME_STREAM + index);
  const grid = rawGrid(microscope);
  const view = { ...viewOf(bench, index, grid), rowShift: rowShifts(microscope, index / microscope.rate, random) };
  const light = illuminate(bench, index, view);
  if (microscope.laserNoise > 0) flicker(light, microscope, random);
  const { detector, scan } = microscope;
  return detectScan(light, grid.sizeX, detector, dwellTime(microscope), scan.bidirectional, random);
}

function viewOf(bench: Bench, index: number, grid: Grid): View {
  const { microscope } = bench;
  const start = index / microscope.rate;
  const secondsPerMicrometre = lineTime(microscope) / microscope.pixelSize;
  return {
    grid,
    optics: microscope.optics,
    timeAt: (y) => start + Math.min(1 / microscope.rate, Math.max(0, (y - grid.y0) * secondsPerMicrometre)),
    stage: {
      x: microscope.stage.driftX * start + wanderAt(bench.jitterX, start),
      y: microscope.stage.driftY * start + wanderAt(bench.jitterY, start),
      z: wanderAt(bench.focus, start),
    },
  };
}

function illuminate(bench: Bench, index: number, view: View): Float32Array {
  const { microscope, scene } = bench;
  const light = scene.render(view);
  const photons = microscope.photons * lightKept(microscope.bleaching, index / microscope.rate);
  for (let k = 0; k < light.length; k++) light[k] = microscope.background + photons * Math.max(0, light[k]!);
  return light;
}

/** How far to the right of its place each line is read, micrometre. */
function rowShifts({ scan, sizeY, pixelSize }: Microscope, time: number, random: Random): Float64Array {
  // The mirror's phase swings slowly with temperature: once in ten minutes.
  const odd = scan.lineShift + scan.lineShiftSwing * Math.sin((2 * Math.PI * time) / 600);
  return Float64Array.from({ length: sizeY }, (_, row) => {
    const jitter = scan.rowJitter > 0 ? scan.rowJitter * random.normal() : 0;
    return pixelSize * ((row % 2 === 1 ? odd : 0) + jitter);
  });
}

function flicker(light: Float32Array, { sizeX, laserNoise }: Microscope, random: Random): void {
  for (let start = 0; start < light.length; start += sizeX) {
    const factor = 1 + laserNoise * random.normal();
    for (let k = start; k < start + sizeX; k++) light[k]! *= factor;
  }
}
