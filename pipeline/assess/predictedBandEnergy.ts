import type { Fourier2d } from './fourier.ts';
import { forEachFrequency, windowedPair } from './fourier.ts';
import type { Grey } from './grey.ts';

export interface MeasuredBand {
  /** Output pixels per raw pixel. The raw sampling carries |fx|, |fy| up to 1 / (2 magnification) cycles per output pixel. */
  readonly magnification: number;
  /** The optics pass |f| up to this, cycles per output pixel (2 NA / wavelength * pixel size), when known. */
  readonly opticalCutoff?: number;
}

/**
 * Share (0..1) of an enhanced picture's spectral power, mean excluded, that lies where nothing was measured: outside the
 * square of the raw sampling or beyond the cut-off of the optics. What a model shows there it has predicted; no
 * comparison with raw can see it. Undefined when the picture holds no contrast at all.
 */
export function predictedBandEnergy(enhanced: Grey, band: MeasuredBand, fourier: Fourier2d): number | undefined {
  const { size } = fourier;
  const samples = windowedPair(enhanced, undefined, size);
  fourier.forward(samples);
  const sampling = size / (2 * band.magnification);
  const optics = ((band.opticalCutoff ?? Infinity) * size) ** 2;
  let all = 0;
  let beyond = 0;
  forEachFrequency(samples, size, (kx, ky, re, im) => {
    const power = re * re + im * im;
    all += power;
    if (Math.abs(kx) > sampling || Math.abs(ky) > sampling || kx * kx + ky * ky > optics) beyond += power;
  });
  return all > 0 ? beyond / all : undefined;
}
