import type { Grey } from '../../pipeline/assess/grey.ts';
import { ConfigError } from '../../pipeline/errors.ts';
import type { Plane } from '../../pipeline/frame.ts';
import {
  exposeFrame,
  lightOf,
  rawGrid,
  truthTwiceAsFine,
  type Bench,
} from '../../pipeline/source/simulator/exposure.ts';
import { countsOf } from '../../pipeline/source/simulator/microscope.ts';
import { prepareBench, type SimulatorSettings } from '../../pipeline/source/simulator/settings.ts';
import type { Pair } from './pair.ts';

/** Frames before the one that is scored, for temporal models. */
const HISTORY = 2;

/**
 * One frame each of `fields` simulated specimens, with its exact truth at `magnification` 1 or 2. Throws ConfigError for
 * a preset that does not exist or is in colour.
 */
export function simulatedPairs(settings: SimulatorSettings, fields: number, magnification: 1 | 2): Pair[] {
  const firstSeed = settings.seed ?? 1;
  return Array.from({ length: fields }, (_, i) =>
    simulatedPair(
      prepareBench({ ...settings, seed: firstSeed + i }),
      `${settings.preset ?? 'fv-video'}`,
      magnification,
    ),
  );
}

/** The third frame of a bench. */
export function simulatedPair(bench: Bench, group: string, magnification: 1 | 2): Pair {
  if (bench.scene.samplesPerPixel !== 1) throw new ConfigError(`simulator.preset: ${group} is in colour`);
  const frames = Array.from({ length: HISTORY + 1 }, (_, index) => planeOf(bench, index));
  const { countsPerElectron, offset } = countsOf(bench.microscope);
  const light =
    magnification === 2 ? truthTwiceAsFine(bench, HISTORY) : lightOf(bench, HISTORY, rawGrid(bench.microscope));
  const truth: Grey = {
    sizeX: bench.microscope.sizeX * magnification,
    sizeY: bench.microscope.sizeY * magnification,
    data: light.map((electrons) => electrons * countsPerElectron + offset),
  };
  const name = `${group}-${bench.seed}`;
  return {
    name,
    field: name,
    group,
    raw: frames[HISTORY],
    history: frames.slice(0, HISTORY),
    significantBits: bench.microscope.detector.significantBits,
    truth,
    truthIsExact: true,
    magnification,
  };
}

function planeOf(bench: Bench, index: number): Plane {
  const { sizeX, sizeY } = bench.microscope;
  const data = exposeFrame(bench, index);
  const pixelType = data instanceof Uint8Array ? 'uint8' : 'uint16';
  return { sizeX, sizeY, samplesPerPixel: 1, pixelType, data };
}
