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
  readonly detector: ScanDetector;
  /** e- per sample at the peak of the reference structure */
  readonly photons: number;
  /** e- per sample everywhere, from autofluorescence and stray light */
  readonly background: number;
  readonly scan: Scan;
  readonly bleaching: Bleaching;
  readonly stage: StageMotion;
  /** Relative fluctuation of the light from line to line, standard deviation. */
  readonly laserNoise: number;
}

export interface Scan {
  /** Odd lines are read backwards. */
  readonly bidirectional: boolean;
  /** Share of a line's time in which samples are taken, 0..1. */
  readonly activeFraction: number;
  /** How far to the right of their place odd lines are read, raw pixels; and the thermal swing of that. */
  readonly lineShift: number;
  readonly lineShiftSwing: number;
  /** Standard deviation of each line's place, raw pixels. */
  readonly rowJitter: number;
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

/** Share of the first light that is left after `time` second. */
export function lightKept(bleaching: Bleaching, time: number): number {
  const { plateau, fastShare, fastTime, slowTime } = bleaching;
  const fading = fastShare * Math.exp(-time / fastTime) + (1 - fastShare) * Math.exp(-time / slowTime);
  return plateau + (1 - plateau) * fading;
}

/** second from one line of a frame to the next */
export function lineTime(microscope: Microscope): number {
  return 1 / (microscope.rate * microscope.sizeY);
}

/** second in which one sample collects light */
export function dwellTime(microscope: Microscope): number {
  return (microscope.scan.activeFraction * lineTime(microscope)) / microscope.sizeX;
}
