/** Fields with several test objects each, so that one run of a model is many trials. */

import { exposeFrame, createBench, rawGrid, type Bench } from '../../../pipeline/source/simulator/exposure.ts';
import { countsOf, type Microscope } from '../../../pipeline/source/simulator/microscope.ts';
import { createPhantomScene, type Phantom } from '../../../pipeline/source/simulator/phantoms.ts';
import { Random } from '../../../pipeline/source/simulator/random.ts';
import type { Scene } from '../../../pipeline/source/simulator/scene.ts';
import type { Exposure } from '../pair.ts';
import { FIELD, PIXEL_SIZE } from './instrument.ts';

/** Where a test object stands: micrometre from the middle of the field, degree. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
}

const ANGLES = [0, 45, 90] as const;

/** `across` x `across` places `pitch` micrometre apart, each at a random fraction of a pixel and one of three angles. */
export function places(across: number, pitch: number, random: Random): Place[] {
  const phase = (): number => (random.uniform() - 0.5) * PIXEL_SIZE;
  return Array.from({ length: across * across }, (_, i) => ({
    x: ((i % across) - (across - 1) / 2) * pitch + phase(),
    y: (Math.floor(i / across) - (across - 1) / 2) * pitch + phase(),
    angle: ANGLES[Math.floor(random.uniform() * ANGLES.length)],
  }));
}

/** One exposure of phantoms, alone or with living mitochondria around them: a network may take lone points for noise. */
export function expose(
  microscope: Microscope,
  phantoms: readonly Phantom[],
  embedded: boolean,
  seed: number,
): Exposure {
  const random = new Random(seed, 1);
  const width = FIELD * PIXEL_SIZE;
  const scenes = phantoms.map((phantom) => createPhantomScene(phantom, random, width, width));
  // A dark phantom brings the surroundings.
  const dark: Phantom = { kind: 'points', points: [], embedded };
  const bench = createBench(microscope, sumOf([createPhantomScene(dark, random, width, width), ...scenes]), seed);
  return { raw: rawOf(bench), history: [], significantBits: microscope.detector.significantBits, magnification: 2 };
}

function sumOf(scenes: readonly Scene[]): Scene {
  return {
    ...scenes[0],
    render: (view) => {
      const sum = new Float32Array(view.grid.sizeX * view.grid.sizeY);
      for (const scene of scenes) scene.render(view).forEach((value, i) => (sum[i] += value));
      return sum;
    },
  };
}

function rawOf(bench: Bench): Exposure['raw'] {
  const { sizeX, sizeY } = bench.microscope;
  const data = exposeFrame(bench, 0);
  return { sizeX, sizeY, samplesPerPixel: 1, pixelType: data instanceof Uint8Array ? 'uint8' : 'uint16', data };
}

/** A place in output pixels of a picture magnified by `magnification`. */
export function inPixels({ x, y, angle }: Place, microscope: Microscope, magnification: number): Place {
  const { x0, y0, pixelSize } = rawGrid(microscope);
  return { x: ((x - x0) / pixelSize) * magnification, y: ((y - y0) / pixelSize) * magnification, angle };
}

/** Counts where there is no object. */
export function backgroundOf(microscope: Microscope): number {
  const { countsPerElectron, offset } = countsOf(microscope);
  return offset + countsPerElectron * microscope.background;
}
