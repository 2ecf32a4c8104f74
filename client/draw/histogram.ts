/**
 * Histograms of whole pictures in raw units, and the contrast that follows them calmly.
 */

import { storedIntensity, type Picture } from './picture.ts';

export const BINS = 1024;

/** Counts of the intensities 0..top in equal bins; what is below or above is counted in the first or last. */
export interface Histogram {
  readonly counts: Float64Array;
  /** Raw intensity at the upper edge of the last bin. */
  readonly top: number;
}

/** Every pixel of the picture is counted. `top` is in raw units. */
export function histogramOf(picture: Picture, top: number): Histogram {
  const counts = new Float64Array(BINS);
  const pixels = picture.sizeX * picture.sizeY;
  const binsPerUnit = BINS / top;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const bin = Math.floor(storedIntensity(picture, pixel) * binsPerUnit);
    counts[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]!++;
  }
  return { counts, top };
}

/** Intensity below which a share 0..1 of the pixels lies, interpolated inside its bin. */
export function percentile(histogram: Histogram, share: number): number {
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const count = histogram.counts[bin]!;
    if (count > 0 && below + count >= share * total) {
      return ((bin + (share * total - below) / count) / BINS) * histogram.top;
    }
    below += count;
  }
  return histogram.top;
}

/**
 * Upper edge for a picture's histogram: the power of two above its brightest pixel, and never lower than `before`, so that
 * a dim 12-bit image in a 16-bit file still fills its histogram and the axis does not jump about.
 */
export function histogramTop(picture: Picture, before: number): number {
  let brightest = 0;
  for (let pixel = 0; pixel < picture.sizeX * picture.sizeY; pixel++) {
    brightest = Math.max(brightest, storedIntensity(picture, pixel));
  }
  return Math.max(2 ** Math.ceil(Math.log2(Math.max(brightest, 1) + 1)), before);
}

const LOW_SHARE = 0.002;
const HIGH_SHARE = 0.9985;
/** The window stays put until the wanted one differs by this part of its width. */
const DEAD_BAND = 0.06;
/** Seconds in which the influence of an old picture falls to a half. */
const HALF_LIFE = 2;

/**
 * A window from percentiles over the last seconds. It moves only when it has become clearly wrong, so that brightness never
 * flickers with the noise of a frame and a fading sample is seen to fade before the window follows.
 */
export class AutoContrast {
  #kept: Histogram | undefined;
  #atMs = 0;
  #window: readonly [number, number] | undefined;

  /** Takes the histogram of a picture taken at `atMs`, later or earlier than the one before, and gives the window in raw units. */
  update(histogram: Histogram, atMs: number): readonly [number, number] {
    const kept = this.#kept;
    if (kept && kept.top === histogram.top) {
      const keep = 0.5 ** (Math.abs(atMs - this.#atMs) / 1000 / HALF_LIFE);
      kept.counts.forEach((count, bin) => (kept.counts[bin] = count * keep + histogram.counts[bin]! * (1 - keep)));
    } else {
      this.#kept = { counts: histogram.counts.slice(), top: histogram.top };
      this.#window = undefined;
    }
    this.#atMs = atMs;
    const wanted = windowOf(this.#kept!);
    if (!this.#window || differs(this.#window, wanted)) this.#window = wanted;
    return this.#window;
  }

  /** Forgets the past, for example when the sample was changed. */
  reset(): void {
    this.#kept = undefined;
    this.#window = undefined;
  }
}

function windowOf(histogram: Histogram): readonly [number, number] {
  const low = percentile(histogram, LOW_SHARE);
  const high = percentile(histogram, HIGH_SHARE);
  const least = (histogram.top / BINS) * 2;
  return [low, Math.max(high, low + least)];
}

function differs(window: readonly [number, number], wanted: readonly [number, number]): boolean {
  const allowed = DEAD_BAND * (window[1] - window[0]);
  return Math.abs(wanted[0] - window[0]) > allowed || Math.abs(wanted[1] - window[1]) > allowed;
}
