import { NO_BLEACHING, STILL_STAGE, type Microscope } from '../../../pipeline/source/simulator/microscope.ts';
import { psfSigma } from '../../../pipeline/source/simulator/optics.ts';
import { PRESETS } from '../../../pipeline/source/simulator/presets.ts';

/** micrometre per raw pixel: a little coarser than the optics ask for, as fast scans are. */
export const PIXEL_SIZE = 0.1;
/** Raw pixels along a side. */
export const FIELD = 160;

const SIGNIFICANT_BITS = 12;
/** e-, standard deviation */
const READ_NOISE = 0.2;
/** Share of the detector's range that the brightest expected pixel fills. */
const FILLED = 0.5;

/**
 * The video-rate confocal, at rest and without its errors of place, with a gain that suits `brightest` (e- per sample where
 * a test object is brightest): what is left is optics, photons and read noise.
 */
export function testMicroscope(brightest: number): Microscope {
  const { microscope } = PRESETS['fv-video'];
  if (microscope.detector.kind !== 'scanner') throw new Error('the test instrument is a scanning microscope');
  const gain = (FILLED * 2 ** SIGNIFICANT_BITS) / brightest;
  return {
    ...microscope,
    sizeX: FIELD,
    sizeY: FIELD,
    pixelSize: PIXEL_SIZE,
    photons: brightest,
    background: 0.02 * brightest,
    bleaching: NO_BLEACHING,
    stage: STILL_STAGE,
    detector: {
      ...microscope.detector,
      gain,
      readNoise: READ_NOISE * gain,
      significantBits: SIGNIFICANT_BITS,
      lineShift: 0,
      lineShiftSwing: 0,
      rowJitter: 0,
    },
  };
}

/** Standard deviation of the image of a point, micrometre, pixel integration included. */
export function sigmaOfPoint(microscope: Microscope): number {
  return Math.sqrt(psfSigma(microscope.optics) ** 2 + microscope.pixelSize ** 2 / 12);
}

/** e- in the brightest sample of the image of a point of `electrons` e-. */
export function peakOfPoint(electrons: number, sigma: number): number {
  return (electrons * PIXEL_SIZE ** 2) / (2 * Math.PI * sigma ** 2);
}
