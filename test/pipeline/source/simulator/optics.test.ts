import { describe, expect, test } from 'vitest';
import { lightOf, rawGrid } from '../../../../pipeline/source/simulator/exposure.ts';
import { NO_BLEACHING, STILL_STAGE, type Microscope } from '../../../../pipeline/source/simulator/microscope.ts';
import { defocus, depthOfFocus, psfSigma } from '../../../../pipeline/source/simulator/optics.ts';
import { lightOfPoint, type Phantom } from '../../../../pipeline/source/simulator/phantoms.ts';
import { PRESETS } from '../../../../pipeline/source/simulator/presets.ts';
import { prepareBench } from '../../../../pipeline/source/simulator/settings.ts';

/** Still, unbleached and without background, so that only the optics remain. */
function bareBench(specimen: Phantom, preset: 'fv-video' | 'scmos' = 'fv-video', change: Partial<Microscope> = {}) {
  const { optics } = PRESETS[preset].microscope;
  return prepareBench({
    preset,
    specimen,
    microscope: {
      background: 0,
      bleaching: NO_BLEACHING,
      stage: STILL_STAGE,
      optics: { ...optics, outOfFocusShare: 0 },
      ...change,
    },
  });
}

/** A grid of 64 x 64 much finer samples around the middle, with the raw pixel's aperture. */
function closeUp(microscope: Microscope) {
  return { ...rawGrid(microscope), sizeX: 64, sizeY: 64, pixelSize: 0.02, x0: -0.64, y0: -0.64 };
}

/** Full width at half maximum of a profile with one peak, in samples, by linear interpolation. */
function fullWidth(profile: readonly number[]): number {
  const half = Math.max(...profile) / 2;
  const crossings: number[] = [];
  for (let k = 0; k + 1 < profile.length; k++) {
    const [a, b] = [profile[k]! - half, profile[k + 1]! - half];
    if (a < 0 !== b < 0) crossings.push(k + a / (a - b));
  }
  return crossings[1]! - crossings[0]!;
}

describe('optics', () => {
  const { optics } = PRESETS['fv-video'].microscope;

  test('the width of the point spread function follows wavelength and aperture', () => {
    expect(psfSigma(optics)).toBeCloseTo((0.217 * 0.488) / 1.2, 6);
    expect(psfSigma({ ...optics, kind: 'widefield' })).toBeCloseTo((0.217 * 0.52) / 1.2, 6);
  });

  test('out of focus a confocal image widens and fades, a wide-field one only widens', () => {
    const z = depthOfFocus(optics);
    expect(defocus(optics, z).variance).toBeCloseTo(2 * psfSigma(optics) ** 2, 10);
    expect(defocus(optics, z).transmitted).toBeCloseTo(0.5, 10);
    expect(defocus({ ...optics, kind: 'widefield' }, z).transmitted).toBe(1);
  });

  test.each(['fv-video', 'scmos'] as const)('a bead on %s is 2.355 sigma_eff wide, within 2 %', (preset) => {
    const bench = bareBench({ kind: 'points', points: [{ x: 0, y: 0, light: 1 }] }, preset);
    const { microscope } = bench;
    const image = lightOf(bench, 0, closeUp(microscope));
    const along = Array.from({ length: 64 }, (_, i) => image[32 * 64 + i]!);
    const down = Array.from({ length: 64 }, (_, j) => image[j * 64 + 32]!);
    const aperture = microscope.pixelSize ** 2 / 12;
    const sigma = psfSigma(microscope.optics);
    const alongX = 2.3548 * Math.sqrt(sigma ** 2 + aperture);
    // A scanned point integrates along its line only.
    const alongY = microscope.detector.kind === 'camera' ? alongX : 2.3548 * sigma;
    expect(Math.abs((fullWidth(along) * 0.02) / alongX - 1)).toBeLessThan(0.02);
    expect(Math.abs((fullWidth(down) * 0.02) / alongY - 1)).toBeLessThan(0.02);
  });

  test('a point gives the electrons that were asked for', () => {
    // A camera: its pixels leave no gaps, as the lines of a scan do when they lie further apart than the spot is wide.
    const light = lightOfPoint(500, PRESETS.scmos.microscope);
    const bench = bareBench({ kind: 'points', points: [{ x: 0.07, y: -0.03, light }] }, 'scmos');
    const sum = lightOf(bench, 0, rawGrid(bench.microscope)).reduce((total, value) => total + value, 0);
    expect(Math.abs(sum / 500 - 1)).toBeLessThan(0.002);
  });

  test.each([2.2, 2.8, 3.4])('two points %d sigma apart have the saddle of two Gaussians, within 1 %', (factor) => {
    const { microscope } = bareBench({ kind: 'uniform', value: 0 });
    const sigma = Math.sqrt(psfSigma(microscope.optics) ** 2 + microscope.pixelSize ** 2 / 12);
    const separation = factor * sigma;
    const bench = bareBench({ kind: 'two-point', separation, angle: 0, x: 0, y: 0, light: 1, ratio: 1 });
    const at = (x: number) => lightOf(bench, 0, { ...rawGrid(microscope), sizeX: 1, sizeY: 1, x0: x, y0: 0 })[0]!;
    // The saddle over the intensity at a point itself.
    const expected = (2 * Math.exp(-(factor ** 2) / 8)) / (1 + Math.exp(-(factor ** 2) / 2));
    expect(Math.abs(at(0) / at(separation / 2) / expected - 1)).toBeLessThan(0.01);
  });

  test('broad spots that are drawn on the coarse grid keep their shape', () => {
    const sigma = 1.5;
    const rod: Phantom = { kind: 'rod-gap', gap: 0, angle: 0, x: 0, y: 0, length: 0.01, radius: 2 * sigma };
    const bench = bareBench(rod);
    const grid = { ...rawGrid(bench.microscope), x0: -25, y0: -25 };
    const image = lightOf(bench, 0, grid);
    const variance = sigma ** 2 + psfSigma(bench.microscope.optics) ** 2;
    const at = (pixels: number) => image[125 * grid.sizeX + 125 + pixels]!;
    for (const pixels of [4, 8, 12, 16]) {
      const expected = Math.exp(-((pixels * grid.pixelSize) ** 2) / (2 * variance));
      expect(Math.abs(at(pixels) / at(0) - expected), `${pixels} pixels from the peak`).toBeLessThan(0.02);
    }
  });
});
