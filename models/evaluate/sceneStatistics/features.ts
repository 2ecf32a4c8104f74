import type { Grey } from '../../../pipeline/assess/grey.ts';
import { percentiles } from '../../../pipeline/assess/percentile.ts';
import { contrastNormalised, RADIUS } from './contrast.ts';
import { fitGaussian } from './gaussianFit.ts';

/** Pixels along a side of the blocks that are described, at full scale; half of them at half scale. */
export const BLOCK = 96;
/** Numbers that describe a block: 18 at each of two scales. */
export const FEATURES = 36;

/** Steps from a sample to its neighbour: along the row, down, and along both diagonals. */
const NEIGHBOURS = [
  [1, 0],
  [0, 1],
  [1, 1],
  [-1, 1],
] as const;

/**
 * Statistics of each 96x96 block of a picture, FEATURES numbers each (Mittal et al. 2013): of the contrast-normalised samples,
 * shape and width of the generalised Gaussian; of their products with the neighbour in four directions, shape, mean and both
 * widths; and the same at half the scale. The picture is stretched linearly so that its own percentiles 0.1 and 99.9 lie at
 * 0 and 255. Blocks in which nothing varies have no statistics and are left out.
 */
export function blockFeatures(picture: Grey): number[][] {
  const full = stretched(picture);
  const coefficients = contrastNormalised(full);
  const half = contrastNormalised(halved(full));
  const blocks: number[][] = [];
  // RADIUS samples of the half scale are lost at each border, twice as many pixels: at both scales blocks begin there.
  const inset = RADIUS;
  const blocksAlong = (size: number): number => Math.floor((size - 4 * RADIUS) / BLOCK);
  for (let row = 0; row < blocksAlong(picture.sizeY); row++) {
    for (let column = 0; column < blocksAlong(picture.sizeX); column++) {
      const [x, y] = [column * BLOCK, row * BLOCK];
      const fine = describe(coefficients, x + inset, y + inset, BLOCK);
      const coarse = describe(half, x / 2, y / 2, BLOCK / 2);
      if (fine && coarse) blocks.push([...fine, ...coarse]);
    }
  }
  return blocks;
}

function stretched({ data, ...size }: Grey): Grey {
  const [low, high] = percentiles(data, [0.1, 99.9]);
  const scale = high > low ? 255 / (high - low) : 0;
  return { ...size, data: data.map((value) => (value - low) * scale) };
}

/** Means of 2x2 samples; an odd last row or column is left out. */
function halved({ sizeX, sizeY, data }: Grey): Grey {
  const width = sizeX >> 1;
  const height = sizeY >> 1;
  const smaller = new Float32Array(width * height);
  for (let i = 0; i < smaller.length; i++) {
    const at = 2 * Math.floor(i / width) * sizeX + 2 * (i % width);
    smaller[i] = (data[at] + data[at + 1] + data[at + sizeX] + data[at + sizeX + 1]) / 4;
  }
  return { sizeX: width, sizeY: height, data: smaller };
}

/** 18 numbers of a square of coefficients. */
function describe({ sizeX, data }: Grey, left: number, top: number, side: number): number[] | undefined {
  const values = new Float64Array(side * side);
  for (let i = 0; i < values.length; i++) values[i] = data[(top + Math.floor(i / side)) * sizeX + left + (i % side)];
  const own = fitGaussian(values);
  if (!own) return undefined;
  const numbers = [own.shape, (own.left + own.right) / 2];
  for (const [dx, dy] of NEIGHBOURS) {
    const products = fitGaussian(productsWithin(values, side, dx, dy));
    if (!products) return undefined;
    numbers.push(products.shape, products.mean, products.left, products.right);
  }
  return numbers;
}

/** Of every two samples of the square that lie so far apart. */
function productsWithin(values: Float64Array, side: number, dx: number, dy: number): Float64Array {
  const width = side - Math.abs(dx);
  const first = Math.max(-dx, 0);
  const products = new Float64Array(width * (side - dy));
  for (let i = 0; i < products.length; i++) {
    const at = Math.floor(i / width) * side + first + (i % width);
    products[i] = values[at] * values[at + dy * side + dx];
  }
  return products;
}
