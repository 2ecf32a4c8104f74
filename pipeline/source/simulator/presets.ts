import type { Camera } from './camera.ts';
import { NO_BLEACHING, STILL_STAGE, type Microscope } from './microscope.ts';
import type { ScanDetector } from './scanner.ts';
import type { Specimen } from './specimen.ts';

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

export const PHOTOMULTIPLIER: ScanDetector = {
  kind: 'scanner',
  gain: 100,
  offset: 100,
  readNoise: 18,
  excessNoise: 1.2,
  darkRate: 2000,
  detectorTime: 0.2e-6,
  significantBits: 12,
  bidirectional: true,
  activeFraction: 0.75,
  lineShift: 0.1,
  lineShiftSwing: 0.05,
  rowJitter: 0.05,
  laserNoise: 0.01,
};

/** A fast bidirectional point scan: 20 frames/s of 256 lines, 0.57 microsecond a sample, some 5 e- where it is bright. */
const VIDEO: Microscope = {
  sizeX: 256,
  sizeY: 256,
  pixelSize: 0.2,
  rate: 20,
  optics: CONFOCAL_60X_WATER,
  detector: PHOTOMULTIPLIER,
  photons: 4.5,
  background: 0.15,
  bleaching: { plateau: 0.8, fastShare: 0.3, fastTime: 60, slowTime: 600 },
  stage: { driftX: 0.002, driftY: -0.001, jitter: 0.02, jitterTime: 5, focus: 0.05, focusTime: 10 },
};

/** The slow scan of the same field on twice as many samples: some 60 times the light in each. */
const SLOW: Microscope = {
  ...VIDEO,
  sizeX: 512,
  sizeY: 512,
  pixelSize: 0.1,
  rate: 0.08,
  detector: {
    ...PHOTOMULTIPLIER,
    gain: 3,
    readNoise: 3,
    bidirectional: false,
    lineShift: 0,
    lineShiftSwing: 0,
    rowJitter: 0,
  },
  photons: 280,
  background: 10,
};

/** After an ORCA-Flash: 0.46 e- per count, 1.0 e- read noise (median), 9.74 microsecond a row. */
export const SCMOS: Camera = {
  kind: 'camera',
  electronsPerCount: 0.46,
  offset: 100,
  offsetSpread: 1,
  readNoise: 1,
  readNoiseSpread: 0.3,
  responseSpread: 0.005,
  darkRate: 0.06,
  hotShare: 1e-4,
  hotRate: 400,
  significantBits: 16,
  rowReadTime: 9.74e-6,
  vignetting: 0.15,
  dust: 5,
};

const WIDEFIELD_60X_OIL: Microscope = {
  ...VIDEO,
  sizeX: 512,
  sizeY: 512,
  pixelSize: 0.108,
  optics: {
    ...CONFOCAL_60X_WATER,
    kind: 'widefield',
    lensNA: 1.4,
    refractiveIndex: 1.515,
    outOfFocusShare: 0.3,
  },
  detector: SCMOS,
  photons: 120,
  background: 8,
};

/** A stained blood smear in transmitted light, with a colour camera; the stage moves along it. */
const COLOUR: Microscope = {
  ...VIDEO,
  pixelSize: 0.16,
  optics: {
    ...WIDEFIELD_60X_OIL.optics,
    lensNA: 0.95,
    refractiveIndex: 1,
    emissionWavelength: 550,
    outOfFocusShare: 0,
  },
  detector: {
    ...SCMOS,
    electronsPerCount: 12,
    offset: 4,
    offsetSpread: 0.2,
    readNoise: 6,
    hotShare: 0,
    significantBits: 8,
    vignetting: 0.08,
    dust: 0,
  },
  photons: 2750,
  background: 0,
  bleaching: NO_BLEACHING,
  stage: { ...STILL_STAGE, driftX: -1.5, driftY: -0.6, jitter: 0.02, jitterTime: 3 },
};

/** Everything that can go wrong on a video-rate scanner. */
const NIGHTMARE: Microscope = {
  ...VIDEO,
  photons: 1,
  background: 0.3,
  detector: { ...PHOTOMULTIPLIER, detectorTime: 0.625e-6, lineShift: 1.2, rowJitter: 0.2, laserNoise: 0.04 },
  bleaching: { plateau: 0.2, fastShare: 0.5, fastTime: 20, slowTime: 200 },
  stage: { driftX: 0.02, driftY: 0.01, jitter: 0.05, jitterTime: 2, focus: 0.2, focusTime: 5 },
};

/** A new microscope or specimen is one entry here. */
export const PRESETS = {
  'fv-video': { title: 'living cell, video-rate confocal', microscope: VIDEO, specimen: { kind: 'mitochondria' } },
  'fv-hr': { title: 'living cell, slow confocal scan', microscope: SLOW, specimen: { kind: 'mitochondria' } },
  scmos: {
    title: 'living cells, wide field with sCMOS',
    microscope: WIDEFIELD_60X_OIL,
    specimen: { kind: 'mitochondria' },
  },
  nuclei: { title: 'nuclei, video-rate confocal', microscope: { ...VIDEO, photons: 3 }, specimen: { kind: 'nuclei' } },
  membranes: { title: 'cell membranes, video-rate confocal', microscope: VIDEO, specimen: { kind: 'membranes' } },
  smear: { title: 'blood smear, colour camera', microscope: COLOUR, specimen: { kind: 'smear' } },
  nightmare: { title: 'too little light, all at once', microscope: NIGHTMARE, specimen: { kind: 'mitochondria' } },
  blank: { title: 'closed shutter', microscope: { ...VIDEO, background: 0 }, specimen: { kind: 'uniform', value: 0 } },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
