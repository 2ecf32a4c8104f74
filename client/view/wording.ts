/**
 * Numbers as people read them. Figures keep their width, so that a changing number does not jump.
 */

const THIN_SPACE = '\u2009';

export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

/** `n` significant digits, without an exponent for the sizes met here. */
export function figures(value: number, digits = 3): string {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.max(digits - 1 - magnitude, 0));
}

/** An intensity in raw units: what was counted stays whole, what was computed has `digits` of significance. */
export function intensity(value: number, digits = 4): string {
  return Number.isInteger(value) ? String(value) : figures(value, digits);
}

/** Frames/s, always with one decimal. */
export const rate = (value: number): string => value.toFixed(1);

/** ms: `23`, `4.1`. */
export const milliseconds = (value: number): string => (value < 9.95 ? value.toFixed(1) : String(Math.round(value)));

/** A share 0..1 as percent: `0.12 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 ? '0' : value < 0.995 ? value.toFixed(2) : value.toFixed(1)}${THIN_SPACE}%`;
}

/** `812 MB`, `1.24 TB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1);
  return `${figures(value / 1000 ** power)}${THIN_SPACE}${units[power]}`;
}

/** Seconds as a clock: `00:12:31`. */
export function clock(seconds: number): string {
  const whole = Math.max(Math.floor(seconds), 0);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** How long a session lasted: `12 s`, `4 min 05 s`, `2 h 11 min`. */
export function lasting(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
}

/** A span of time in words: `3 days`, `5 h`, `40 min`, `12 s`. */
export function span(seconds: number): string {
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} days`;
  if (seconds >= 7200) return `${Math.floor(seconds / 3600)} h`;
  if (seconds >= 120) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds)} s`;
}
