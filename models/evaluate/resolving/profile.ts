import type { Grey } from '../../../pipeline/assess/grey.ts';

/** Intensities along a straight line; sample i lies `from + i * step` from its middle. */
export interface Profile {
  readonly from: number;
  readonly step: number;
  readonly values: Float64Array;
}

/** A line in a picture: middle in pixels, angle in degree from x towards y, lengths in pixels. */
export interface ProfileLine {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly halfLength: number;
  /** The profile is the mean over this width. */
  readonly width: number;
}

const STEPS_PER_PIXEL = 4;

/** Reads along a line by bilinear interpolation; what lies outside is the border. */
export function profileAlong(picture: Grey, { x, y, angle, halfLength, width }: ProfileLine): Profile {
  const dx = Math.cos((angle * Math.PI) / 180);
  const dy = Math.sin((angle * Math.PI) / 180);
  const step = 1 / STEPS_PER_PIXEL;
  const count = 2 * Math.ceil(halfLength * STEPS_PER_PIXEL) + 1;
  const from = (-(count - 1) / 2) * step;
  const values = Float64Array.from({ length: count }, (_, i) => {
    const along = from + i * step;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const across = k - (width - 1) / 2;
      sum += bilinear(picture, x + along * dx - across * dy, y + along * dy + across * dx);
    }
    return sum / width;
  });
  return { from, step, values };
}

export interface Split {
  /** Depth of the dip between two maxima over the lower of them, 0..1; 0 when there are not two. */
  readonly contrast: number;
  /** Where they are, along the profile. */
  readonly left: number;
  readonly right: number;
}

/** Rayleigh's dip: two points whose images stand 2.8 sigma apart. */
export const RAYLEIGH_CONTRAST = 0.264;
/** The weaker of two maxima must have at least this share of the stronger one. */
const WEAKEST = 0.2;

/**
 * The deepest dip between two maxima of a profile above `background`, one within `reach` of `left`, the other within `reach` of
 * `right`.
 */
export function deepestSplit(profile: Profile, background: number, left: number, right: number, reach: number): Split {
  const { from, step } = profile;
  const heights = profile.values.map((value) => value - background);
  const top = heights.reduce((a, b) => Math.max(a, b), 0);
  const peaks = maxima(heights).filter((i) => heights[i] >= WEAKEST * top);
  const place = (i: number): number => from + i * step;
  let best: Split = { contrast: 0, left, right };
  for (const i of peaks.filter((peak) => Math.abs(place(peak) - left) <= reach)) {
    for (const j of peaks.filter((peak) => peak > i && Math.abs(place(peak) - right) <= reach)) {
      const lowest = heights.subarray(i, j + 1).reduce((a, b) => Math.min(a, b), Infinity);
      const contrast = 1 - Math.max(0, lowest) / Math.min(heights[i], heights[j]);
      if (contrast > best.contrast) best = { contrast, left: place(i), right: place(j) };
    }
  }
  return best;
}

/** Full width at half of the highest value above `background`, in the profile's pixels. */
export function widthAtHalf(profile: Profile, background: number): number {
  const heights = profile.values.map((value) => value - background);
  const peak = heights.indexOf(heights.reduce((a, b) => Math.max(a, b), -Infinity));
  const half = heights[peak] / 2;
  const edge = (direction: 1 | -1): number => {
    let i = peak;
    while (heights[i + direction] > half) i += direction;
    const outside = heights[i + direction];
    return outside === undefined
      ? Math.abs(i - peak)
      : Math.abs(i - peak) + (heights[i] - half) / (heights[i] - outside);
  };
  return (edge(1) + edge(-1)) * profile.step;
}

/** Indices of local maxima; of a plateau, its first sample. */
function maxima(values: Float64Array): number[] {
  const found: number[] = [];
  for (let i = 1; i < values.length - 1; i++) {
    if (values[i] > values[i - 1] && values[i] >= values[i + 1]) found.push(i);
  }
  return found;
}

function bilinear({ sizeX, sizeY, data }: Grey, x: number, y: number): number {
  const left = Math.min(Math.max(Math.floor(x), 0), sizeX - 2);
  const top = Math.min(Math.max(Math.floor(y), 0), sizeY - 2);
  const fx = Math.min(Math.max(x - left, 0), 1);
  const fy = Math.min(Math.max(y - top, 0), 1);
  const at = top * sizeX + left;
  const upper = data[at] + fx * (data[at + 1] - data[at]);
  const lower = data[at + sizeX] + fx * (data[at + sizeX + 1] - data[at + sizeX]);
  return upper + fy * (lower - upper);
}
