/** Lengths in micrometre and times in second, from the units that files use. Undefined for a unit that is no measure. */

const MICROMETRES: Readonly<Record<string, number>> = {
  um: 1, µm: 1, μm: 1, '\\u00b5m': 1, micron: 1, microns: 1, micrometer: 1, micrometre: 1,
  pm: 1e-6, å: 1e-4, angstrom: 1e-4, nm: 1e-3, nanometer: 1e-3, mm: 1e3, millimeter: 1e3, cm: 1e4, m: 1e6,
  inch: 25_400, in: 25_400,
}; // prettier-ignore

const SECONDS: Readonly<Record<string, number>> = {
  s: 1, sec: 1, second: 1, seconds: 1, ms: 1e-3, msec: 1e-3, µs: 1e-6, us: 1e-6, ns: 1e-9, min: 60, h: 3600, hour: 3600,
}; // prettier-ignore

export function toMicrometres(length: number | undefined, unit: string): number | undefined {
  return scaled(length, MICROMETRES[unit.trim().toLowerCase()]);
}

export function toSeconds(time: number | undefined, unit: string): number | undefined {
  return scaled(time, SECONDS[unit.trim().toLowerCase()]);
}

function scaled(value: number | undefined, factor: number | undefined): number | undefined {
  if (value === undefined || factor === undefined || !Number.isFinite(value)) return undefined;
  return value * factor;
}

/** The number if it is finite and above zero: sizes and intervals of 0 mean that nobody knew. */
export function positive(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined;
}
