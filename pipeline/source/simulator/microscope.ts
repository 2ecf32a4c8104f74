import type { Camera } from './camera.ts';
import type { Optics } from './optics.ts';
import type { ScanDetector } from './scanner.ts';

/** An instrument with its settings: everything about a simulated frame but the specimen. */
export interface Microscope {
  readonly sizeX: number;
  readonly sizeY: number;
  /** micrometre per raw pixel */
  readonly pixelSize: number;
  /** frames/s */
  readonly rate: number;
  readonly optics: Optics;
  readonly detector: ScanDetector | Camera;
  /** e- per raw sample at the peak of the reference structure; in transmitted light, of the empty field */
  readonly photons: number;
  /** e- per raw sample everywhere, from autofluorescence and stray light */
  readonly background: number;
  readonly bleaching: Bleaching;
  readonly stage: StageMotion;
}

/** I(t) = plateau + (1 - plateau) (fastShare exp(-t / fastTime) + (1 - fastShare) exp(-t / slowTime)). */
export interface Bleaching {
  readonly plateau: number;
  readonly fastShare: number;
  /** second */
  readonly fastTime: number;
  /** second */
  readonly slowTime: number;
}

export interface StageMotion {
  /** micrometre/s */
  readonly driftX: number;
  readonly driftY: number;
  /** micrometre, standard deviation: pulled back within `jitterTime` second */
  readonly jitter: number;
  readonly jitterTime: number;
  /** micrometre, standard deviation of the focus: pulled back within `focusTime` second */
  readonly focus: number;
  readonly focusTime: number;
}

export const NO_BLEACHING: Bleaching = { plateau: 1, fastShare: 0, fastTime: 60, slowTime: 600 };
export const STILL_STAGE: StageMotion = { driftX: 0, driftY: 0, jitter: 0, jitterTime: 1, focus: 0, focusTime: 1 };

/** Share of the first light that is left after `time` second. */
export function lightKept(bleaching: Bleaching, time: number): number {
  const { plateau, fastShare, fastTime, slowTime } = bleaching;
  const fading = fastShare * Math.exp(-time / fastTime) + (1 - fastShare) * Math.exp(-time / slowTime);
  return plateau + (1 - plateau) * fading;
}

/** second from the exposure of one line of a frame to that of the next */
export function lineTime({ detector, rate, sizeY }: Microscope): number {
  return detector.kind === 'scanner' ? 1 / (rate * sizeY) : detector.rowReadTime;
}

/** second in which one sample collects light */
export function exposureTime(microscope: Microscope): number {
  const { detector, rate, sizeX } = microscope;
  return detector.kind === 'scanner' ? (detector.activeFraction * lineTime(microscope)) / sizeX : 1 / rate;
}

/** counts per e-, and counts in the dark: counts = countsPerElectron * light + offset, on average */
export function countsOf({ detector }: Microscope): { readonly countsPerElectron: number; readonly offset: number } {
  const countsPerElectron = detector.kind === 'scanner' ? detector.gain : 1 / detector.electronsPerCount;
  return { countsPerElectron, offset: detector.offset };
}
