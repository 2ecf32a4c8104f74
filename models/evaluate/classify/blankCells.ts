import { Random } from '../../../pipeline/source/simulator/random.ts';
import { streamOf } from './degradation.ts';
import type { Rgb, Square } from './rgb.ts';

/**
 * Pictures without a cell, for the swap test: an arm that gives them the texture of a class, or a classifier that names
 * them, would do the same where there is a cell.
 */
export type BlankKind = keyof typeof BLANK_MEANINGS;

export const BLANK_MEANINGS = {
  background: 'the empty glass of a picture, with noise of 3 levels',
  noise: 'every sample drawn evenly from 0 to 255',
  emptied: 'a picture whose cell is replaced by its empty glass; what lies around it stays',
} as const;

export const BLANK_KINDS = Object.keys(BLANK_MEANINGS) as BlankKind[];

const NOISE_LEVELS = 3;
/** Share of the pixels that are darker than empty glass. */
const GLASS_PERCENTILE = 0.9;
/** The replaced disc reaches so many times the half side of the cell's square. */
const REACH = 1.25;

/** A picture without the cell that lies in `cell`. */
export function blankCell(kind: BlankKind, picture: Rgb, cell: Square, seed: number, name: string): Rgb {
  const random = new Random(seed, streamOf(`${kind} ${name}`));
  const { sizeX, data } = picture;
  const glass = glassOf(picture);
  const empty = (c: number): number => glass[c] + NOISE_LEVELS * random.normal();
  switch (kind) {
    case 'background':
      return { ...picture, data: clipped(data, (_, i) => empty(i % 3)) };
    case 'noise':
      return { ...picture, data: clipped(data, () => 256 * random.uniform() - 0.5) };
    case 'emptied': {
      const share = discIn(cell);
      return {
        ...picture,
        data: clipped(data, (value, i) => {
          const pixel = Math.floor(i / 3);
          const inside = share(pixel % sizeX, Math.floor(pixel / sizeX));
          return inside > 0 ? (1 - inside) * value + inside * empty(i % 3) : value;
        }),
      };
    }
  }
}

/** The colour of the brightest tenth's lower end: what the lamp shows where nothing lies. */
function glassOf({ data }: Rgb): readonly number[] {
  return [0, 1, 2].map((c) => {
    const values = data.filter((_, i) => i % 3 === c).sort();
    return values[Math.floor(GLASS_PERCENTILE * (values.length - 1))];
  });
}

/** 1 inside a disc around the square's middle, 0 outside, with a rim of a tenth of the radius. */
function discIn({ left, top, side }: Square): (x: number, y: number) => number {
  const radius = (REACH * side) / 2;
  const rim = radius / 10;
  return (x, y) => {
    const distance = Math.hypot(x + 0.5 - left - side / 2, y + 0.5 - top - side / 2);
    return Math.min(Math.max((radius - distance) / rim + 0.5, 0), 1);
  };
}

function clipped(data: Uint8Array, map: (value: number, i: number) => number): Uint8Array {
  return new Uint8Array(Uint8ClampedArray.from(data, map).buffer);
}
