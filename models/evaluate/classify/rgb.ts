import type { Grey } from '../../../pipeline/assess/grey.ts';

/** A colour picture: uint8, row-major, RGB interleaved. */
export interface Rgb {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly data: Uint8Array;
}

/** A square of a picture; it may reach beyond the picture. Pixels. */
export interface Square {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

/** What lies in the square; outside the picture its edge is repeated. */
export function cropped({ sizeX, sizeY, data }: Rgb, { left, top, side }: Square): Rgb {
  const result = new Uint8Array(side * side * 3);
  for (let y = 0, i = 0; y < side; y++) {
    const row = clamp(top + y, sizeY - 1) * sizeX;
    for (let x = 0; x < side; x++, i += 3) {
      const from = 3 * (row + clamp(left + x, sizeX - 1));
      result[i] = data[from];
      result[i + 1] = data[from + 1];
      result[i + 2] = data[from + 2];
    }
  }
  return { sizeX: side, sizeY: side, data: result };
}

/** The square in the middle whose side is a share (0..1] of the shorter side. */
export function middleSquare({ sizeX, sizeY }: Rgb, share: number): Square {
  const side = Math.max(Math.round(share * Math.min(sizeX, sizeY)), 1);
  return { left: Math.floor((sizeX - side) / 2), top: Math.floor((sizeY - side) / 2), side };
}

/** Luma of ITU-R BT.601, 0..255, not rounded. */
export function luma({ sizeX, sizeY, data }: Rgb): Grey {
  const grey = new Float32Array(sizeX * sizeY);
  for (let i = 0, k = 0; i < grey.length; i++, k += 3) {
    grey[i] = 0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2];
  }
  return { sizeX, sizeY, data: grey };
}

/** One colour, 0 red, 1 green, 2 blue. */
export function colourOf({ sizeX, sizeY, data }: Rgb, colour: number): Grey {
  const grey = new Float32Array(sizeX * sizeY);
  for (let i = 0; i < grey.length; i++) grey[i] = data[3 * i + colour];
  return { sizeX, sizeY, data: grey };
}

/** Three pictures as one; values are rounded and clipped to 0..255. */
export function fromColours(colours: readonly Grey[]): Rgb {
  const { sizeX, sizeY } = colours[0];
  const data = new Uint8ClampedArray(sizeX * sizeY * 3);
  colours.forEach((colour, c) => colour.data.forEach((value, i) => (data[3 * i + c] = value)));
  return { sizeX, sizeY, data: new Uint8Array(data.buffer) };
}

function clamp(value: number, last: number): number {
  return Math.min(Math.max(value, 0), last);
}
