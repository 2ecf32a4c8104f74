import type { Microscope } from './microscope.ts';

/** What lies under the microscope. */
export type Specimen = 'mitochondria';

export interface Preset {
  readonly title: string;
  readonly microscope: Microscope;
  readonly specimen: Specimen;
}

const CONFOCAL_60X_WATER = {
  kind: 'confocal',
  lensNA: 1.2,
  refractiveIndex: 1.33,
  excitationWavelength: 488,
  emissionWavelength: 520,
  outOfFocusShare: 0.12,
  outOfFocusSigma: 3,
} as const;

/** A fast bidirectional point scan: 20 frames/s of 256 lines, 0.57 microsecond a sample, some 5 e- where it is bright. */
const VIDEO: Microscope = {
  sizeX: 256,
  sizeY: 256,
  pixelSize: 0.2,
  rate: 20,
  optics: CONFOCAL_60X_WATER,
  detector: {
    kind: 'scanner',
    gain: 100,
    offset: 100,
    readNoise: 18,
    excessNoise: 1.2,
    darkRate: 2000,
    detectorTime: 0.2e-6,
    significantBits: 12,
  },
  photons: 4.5,
  background: 0.15,
  scan: { bidirectional: true, activeFraction: 0.75, lineShift: 0.1, lineShiftSwing: 0.05, rowJitter: 0.05 },
  bleaching: { plateau: 0.8, fastShare: 0.3, fastTime: 60, slowTime: 600 },
  stage: { driftX: 0.002, driftY: -0.001, jitter: 0.02, jitterTime: 5, focus: 0.05, focusTime: 10 },
  laserNoise: 0.01,
};

export const PRESETS = {
  'fv-video': { title: 'video-rate confocal, living cell', microscope: VIDEO, specimen: 'mitochondria' },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
