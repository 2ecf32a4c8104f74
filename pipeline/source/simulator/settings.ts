import { ConfigError } from '../../errors.ts';
import { createBench, type Bench } from './exposure.ts';
import type { Microscope } from './microscope.ts';
import { PRESETS, type Preset, type PresetName } from './presets.ts';
import { Random } from './random.ts';
import { createScene, type Specimen } from './specimen.ts';

/** What a user may set. Everything is optional; the preset says the rest. Structured-cloneable: it travels to a thread. */
export interface SimulatorSettings {
  /** Default `fv-video`. */
  readonly preset?: PresetName;
  /** Integer, 0..2^53; default 1. The same seed gives the same frames. */
  readonly seed?: number;
  /** Pixels, 16..4096. The field grows with it; the pixel size stays. */
  readonly sizeX?: number;
  readonly sizeY?: number;
  /** frames/s of the simulated microscope, 0.01..10000. */
  readonly rate?: number;
  /** `false`: frames come as fast as they are taken; their `deltaT` still follows `rate`. Default true. */
  readonly realTime?: boolean;
  /** The source ends after so many frames; absent = never. */
  readonly frames?: number;
  /** e- per sample at a bright structure, 1e-6..1e6. */
  readonly photons?: number;
  /** Something else under the preset's microscope; a smear needs the preset of that name, which sees in colour. */
  readonly specimen?: Specimen;
  /** Other changes to the preset's microscope, for experiments and tests; whole entries are replaced. */
  readonly microscope?: Partial<Microscope>;
}

const SPECIMEN_STREAM = 2;

/** What stands on the bench, before the specimen is made, which takes a while. */
export interface BenchPlan {
  readonly microscope: Microscope;
  readonly specimen: Specimen;
  readonly seed: number;
}

/** The microscope and its specimen. Throws ConfigError naming the setting. */
export function prepareBench(settings: SimulatorSettings = {}): Bench {
  const { microscope, specimen, seed } = planBench(settings);
  const scene = createScene(specimen, microscope, new Random(seed, SPECIMEN_STREAM));
  return createBench(microscope, scene, seed);
}

/** Throws ConfigError naming the setting. */
export function planBench(settings: SimulatorSettings = {}): BenchPlan {
  const { preset: presetName = 'fv-video', seed = 1 } = settings;
  const preset: Preset | undefined = PRESETS[presetName];
  if (!preset) {
    throw new ConfigError(`simulator.preset: unknown "${presetName}"; there are ${Object.keys(PRESETS).join(', ')}`);
  }
  requireRange('seed', seed, 0, Number.MAX_SAFE_INTEGER, true);
  const base: Microscope = { ...preset.microscope, ...settings.microscope };
  const microscope: Microscope = {
    ...base,
    sizeX: settings.sizeX ?? base.sizeX,
    sizeY: settings.sizeY ?? base.sizeY,
    rate: settings.rate ?? base.rate,
    photons: settings.photons ?? base.photons,
  };
  requireRange('sizeX', microscope.sizeX, 16, 4096, true);
  requireRange('sizeY', microscope.sizeY, 16, 4096, true);
  requireRange('rate', microscope.rate, 0.01, 10_000, false);
  requireRange('photons', microscope.photons, 1e-6, 1e6, false);
  const specimen = settings.specimen ?? preset.specimen;
  if (specimen.kind === 'smear' && microscope.detector.kind !== 'camera') {
    throw new ConfigError('simulator.specimen: a smear is seen in transmitted light, with the preset "smear"');
  }
  return { microscope, specimen, seed };
}

function requireRange(name: string, value: number, low: number, high: number, whole: boolean): void {
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return;
  throw new ConfigError(
    `simulator.${name}: ${value} is not ${whole ? 'an integer' : 'a number'} from ${low} to ${high}`,
  );
}
