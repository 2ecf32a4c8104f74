/**
 * Optics in the Gaussian approximation. Lengths in micrometre; wavelengths in nanometre, as OME has them.
 *
 * Lateral width: sigma = 0.217 lambda / NA matches the full width at half maximum 0.51 lambda / NA of the Airy disk; a
 * confocal microscope with a pinhole of 1 Airy unit has that of its excitation. Zhang, Zerubia and Olivo-Marin, "Gaussian
 * approximations of fluorescence microscope point-spread function models", Applied Optics 46:1819 (2007).
 */

export interface Optics {
  readonly kind: 'confocal' | 'widefield';
  readonly lensNA: number;
  readonly refractiveIndex: number;
  /** nm */
  readonly excitationWavelength: number;
  /** nm */
  readonly emissionWavelength: number;
  /** Share of the light that comes back as a blur from above and below the focus, 0..1. */
  readonly outOfFocusShare: number;
  /** Standard deviation of that blur, micrometre. */
  readonly outOfFocusSigma: number;
}

/** Standard deviation of the point spread function in focus, micrometre. */
export function psfSigma(optics: Optics): number {
  const wavelength = optics.kind === 'confocal' ? optics.excitationWavelength : optics.emissionWavelength;
  return (0.217 * wavelength) / 1000 / optics.lensNA;
}

/** Distance from focus at which the point spread function is sqrt(2) times as wide, micrometre. */
export function depthOfFocus(optics: Optics): number {
  const { refractiveIndex: n, lensNA } = optics;
  const axialFwhm = (0.88 * optics.excitationWavelength) / 1000 / (n - Math.sqrt(n * n - lensNA * lensNA));
  return axialFwhm / 2;
}

/** Variance (micrometre squared) and peak-independent flux of light from `z` micrometre above the focus. */
export function defocus(optics: Optics, z: number): { readonly variance: number; readonly transmitted: number } {
  const spread = 1 + (z / depthOfFocus(optics)) ** 2;
  return {
    variance: psfSigma(optics) ** 2 * spread,
    // A pinhole keeps light from other depths out; a camera takes it all.
    transmitted: optics.kind === 'confocal' ? 1 / spread : 1,
  };
}
