/**
 * Look-up tables: 256 RGB triples from dark to bright, as bytes.
 */

import { CIVIDIS, MAGMA, VIRIDIS } from './perceptualMaps.ts';

/** 768 bytes: r0, g0, b0, r1 ... */
export type Lut = Uint8Array;

type Rgb = readonly [number, number, number];

/** A straight line from the first colour to the last through the given stops, evenly spaced. */
function ramp(...stops: readonly Rgb[]): Lut {
  const table = new Uint8Array(768);
  for (let level = 0; level < 256; level++) {
    const at = (level / 255) * (stops.length - 1);
    const below = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      const from = stops[below]![c]!;
      table[level * 3 + c] = Math.round(from + (stops[below + 1]![c]! - from) * (at - below));
    }
  }
  return table;
}

function stored(base64: string): Lut {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

/** By name; the names are what a person reads in the menu. */
export const LUTS = {
  grey: ramp(BLACK, WHITE),
  inverted: ramp(WHITE, BLACK),
  viridis: stored(VIRIDIS),
  magma: stored(MAGMA),
  cividis: stored(CIVIDIS),
  cyan: ramp(BLACK, [0, 255, 255]),
  magenta: ramp(BLACK, [255, 0, 255]),
  yellow: ramp(BLACK, [255, 255, 0]),
  green: ramp(BLACK, [0, 255, 0]),
  red: ramp(BLACK, [255, 0, 0]),
  blue: ramp(BLACK, [0, 64, 255]),
  fire: ramp(BLACK, [72, 0, 130], [220, 30, 60], [255, 170, 0], WHITE),
} as const satisfies Record<string, Lut>;

export type LutName = keyof typeof LUTS;
export const LUT_NAMES = Object.keys(LUTS) as readonly LutName[];

/** Colours of a composite's channels, told apart by most colour-blind people; grey when there is one channel only. */
export function lutOfChannel(channel: number, channels: number): LutName {
  if (channels < 2) return 'grey';
  return (['cyan', 'magenta', 'yellow', 'green'] as const)[channel % 4]!;
}

/** Below, at and above zero: blue, black, orange. For differences. */
export const DIVERGING: Lut = ramp([120, 200, 255], [20, 110, 190], BLACK, [190, 90, 10], [255, 200, 110]);

/** `linear-gradient(...)` that shows a table. */
export function gradientOf(lut: Lut): string {
  const stops = [0, 32, 64, 96, 128, 160, 192, 224, 255].map(
    (level) => `rgb(${lut[level * 3]} ${lut[level * 3 + 1]} ${lut[level * 3 + 2]})`,
  );
  return `linear-gradient(90deg, ${stops.join(', ')})`;
}
