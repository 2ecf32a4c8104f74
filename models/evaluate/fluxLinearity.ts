import type { Grey } from '../../pipeline/assess/grey.ts';
import { fitLine, type Line } from './affine.ts';

/** Output pixels along a side of the squares whose light is compared. */
const SQUARE = 16;

/**
 * Light out against light in: regression of the mean intensity of each 16x16 square of the prediction on that of the truth. A
 * prediction that can be quantified with has slope 1 and intercept 0.
 */
export function fluxLinearity(prediction: Grey, truth: Grey): Line {
  return fitLine(squareMeans(truth), squareMeans(prediction));
}

function squareMeans({ sizeX, sizeY, data }: Grey): Float64Array {
  const across = Math.floor(sizeX / SQUARE);
  const down = Math.floor(sizeY / SQUARE);
  const means = new Float64Array(across * down);
  for (let y = 0; y < down * SQUARE; y++) {
    for (let x = 0; x < across * SQUARE; x++) {
      means[Math.floor(y / SQUARE) * across + Math.floor(x / SQUARE)] += data[y * sizeX + x] / SQUARE ** 2;
    }
  }
  return means;
}
