import { createCameraMaps, detectCamera, type CameraMaps } from './camera.ts';
import { exposureTime, lightKept, lineTime, type Microscope } from './microscope.ts';
import { Random } from './random.ts';
import { detectScan, rowShifts } from './scanner.ts';
import type { Scene } from './scene.ts';
import { gridTwiceAsFine, type Grid, type View } from './view.ts';
import { createWander, wanderAt, type Wander } from './wander.ts';

/** A microscope over a specimen: each frame is a pure function of its index. */
export interface Bench {
  readonly microscope: Microscope;
  readonly scene: Scene;
  readonly seed: number;
  readonly jitterX: Wander;
  readonly jitterY: Wander;
  readonly focus: Wander;
  /** With a camera only. */
  readonly cameraMaps?: CameraMaps;
}

/** Streams of the seed: what is drawn from one never shifts what is drawn from another. */
const STAGE_STREAM = 1;
const CAMERA_STREAM = 3;
const FIRST_FRAME_STREAM = 1000;

export function createBench(microscope: Microscope, scene: Scene, seed: number): Bench {
  const random = new Random(seed, STAGE_STREAM);
  const { sizeX, sizeY, detector } = microscope;
  const { jitter, jitterTime, focus, focusTime } = microscope.stage;
  const bench = {
    microscope,
    scene,
    seed,
    jitterX: createWander(random, jitter, jitterTime),
    jitterY: createWander(random, jitter, jitterTime),
    focus: createWander(random, focus, focusTime),
  };
  if (detector.kind === 'scanner') return bench;
  const { samplesPerPixel } = scene;
  const cameraMaps = createCameraMaps(detector, sizeX, sizeY, samplesPerPixel, new Random(seed, CAMERA_STREAM));
  return { ...bench, cameraMaps };
}

/** Where the raw samples are. A camera pixel takes light from its whole area, a scanned sample from its stretch of line. */
export function rawGrid({ sizeX, sizeY, pixelSize, detector }: Microscope): Grid {
  return {
    sizeX,
    sizeY,
    pixelSize,
    x0: -((sizeX - 1) / 2) * pixelSize,
    y0: -((sizeY - 1) / 2) * pixelSize,
    apertureX: pixelSize,
    apertureY: detector.kind === 'camera' ? pixelSize : 0,
  };
}

/** Noise-free light of frame `index` on a grid, in e- per raw sample, without the detector's errors of place. */
export function lightOf(bench: Bench, index: number, grid: Grid): Float32Array {
  return illuminate(bench, index, viewOf(bench, index, grid));
}

/** The truth of frame `index` on twice as many samples each way: raw sample k lies on sample 2k. In e- per raw sample. */
export function truthTwiceAsFine(bench: Bench, index: number): Float32Array {
  return lightOf(bench, index, gridTwiceAsFine(rawGrid(bench.microscope)));
}

/** The raw frame `index`, in counts: of type uint8 when the detector has 8 bits or fewer. */
export function exposeFrame(bench: Bench, index: number): Uint8Array | Uint16Array {
  const { microscope, seed, cameraMaps } = bench;
  const { detector, sizeX, sizeY, pixelSize, rate } = microscope;
  const random = new Random(seed, FIRST_FRAME_STREAM + index);
  const view = viewOf(bench, index, rawGrid(microscope));
  if (detector.kind === 'scanner') {
    const rowShift = rowShifts(detector, sizeY, index / rate, random).map((pixels) => pixels * pixelSize);
    return detectScan(
      illuminate(bench, index, { ...view, rowShift }),
      sizeX,
      detector,
      exposureTime(microscope),
      random,
    );
  }
  return detectCamera(illuminate(bench, index, view), detector, cameraMaps!, exposureTime(microscope), random);
}

function viewOf(bench: Bench, index: number, grid: Grid): View {
  const { microscope } = bench;
  const { stage, rate, optics } = microscope;
  const start = index / rate;
  const secondsPerMicrometre = lineTime(microscope) / microscope.pixelSize;
  return {
    grid,
    optics,
    timeAt: (y) => start + Math.min(1 / rate, Math.max(0, (y - grid.y0) * secondsPerMicrometre)),
    stage: {
      x: stage.driftX * start + wanderAt(bench.jitterX, start),
      y: stage.driftY * start + wanderAt(bench.jitterY, start),
      z: wanderAt(bench.focus, start),
    },
  };
}

function illuminate({ microscope, scene }: Bench, index: number, view: View): Float32Array {
  const light = scene.render(view);
  const photons = microscope.photons * lightKept(microscope.bleaching, index / microscope.rate);
  for (let k = 0; k < light.length; k++) light[k] = microscope.background + photons * Math.max(0, light[k]!);
  return light;
}
