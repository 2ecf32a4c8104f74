/**
 * The scale bar: the longest round length that fits.
 */

export interface ScaleBar {
  /** Screen pixels. */
  readonly length: number;
  /** `5 µm`, `200 nm`, `50 px`. */
  readonly label: string;
}

/**
 * `zoom`: screen pixels per raw sample. `physicalSizeX`: micrometre per raw sample; without it the bar counts raw pixels,
 * since a length in micrometres would be made up.
 */
export function scaleBar(zoom: number, physicalSizeX: number | undefined, longest: number): ScaleBar {
  const unitsPerSample = physicalSizeX ?? 1;
  const round = roundDown((longest / zoom) * unitsPerSample);
  return {
    length: (round / unitsPerSample) * zoom,
    label: physicalSizeX === undefined ? `${round} px` : lengthLabel(round),
  };
}

/** The largest of 1, 2, 5 times a power of ten that is not above `value`. */
export function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  const step = lead >= 5 ? 5 : lead >= 2 ? 2 : 1;
  return Number((step * power).toPrecision(1));
}

/** A length in micrometre for people: `3.2 mm`, `12 µm`, `250 nm`. */
export function lengthLabel(micrometres: number): string {
  const magnitude = Math.abs(micrometres);
  if (magnitude >= 1000) return `${short(micrometres / 1000)} mm`;
  if (magnitude >= 1 || magnitude === 0) return `${short(micrometres)} µm`;
  return `${short(micrometres * 1000)} nm`;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
