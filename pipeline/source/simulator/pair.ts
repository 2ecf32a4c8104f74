import type { Plane } from '../../frame.ts';
import { exposeFrame, truthTwiceAsFine, type Bench } from './exposure.ts';
import { countsOf } from './microscope.ts';
import type { SceneEvent, SceneObject } from './scene.ts';
import { prepareBench, type SimulatorSettings } from './settings.ts';

/** A raw frame with everything that is true of it. */
export interface SimulatedPair {
  readonly raw: Plane;
  /**
   * Noise-free image in raw units (counts, float32) on twice as many samples each way: raw sample (i, j) lies on sample
   * (2i, 2j). It is what the optics deliver, without noise, line shifts, or the flaws of single camera pixels.
   */
  readonly truth: Plane;
  /** e- = (counts - offset) / countsPerElectron */
  readonly countsPerElectron: number;
  readonly offset: number;
  readonly objects: readonly SceneObject[];
  /** What happens between this frame and the next. */
  readonly events: readonly SceneEvent[];
}

/** Frame `t` of a simulation: a pure function of its arguments. Throws ConfigError for a bad setting. */
export function simulatePair(settings: SimulatorSettings, seed: number, t: number): SimulatedPair {
  return pairOf(prepareBench({ ...settings, seed }), t);
}

/** The same on a bench that is there already: preparing one takes longer than a frame. */
export function pairOf(bench: Bench, t: number): SimulatedPair {
  const { microscope, scene } = bench;
  const { sizeX, sizeY, rate } = microscope;
  const { samplesPerPixel } = scene;
  const { countsPerElectron, offset } = countsOf(microscope);
  const raw = exposeFrame(bench, t);
  const truth = truthTwiceAsFine(bench, t).map((light) => offset + countsPerElectron * light);
  return {
    raw: { sizeX, sizeY, samplesPerPixel, pixelType: raw instanceof Uint8Array ? 'uint8' : 'uint16', data: raw },
    truth: { sizeX: 2 * sizeX, sizeY: 2 * sizeY, samplesPerPixel, pixelType: 'float32', data: truth },
    countsPerElectron,
    offset,
    objects: scene.objects(t / rate),
    events: scene.events(t / rate, (t + 1) / rate),
  };
}
