import type { Grey } from '../../../pipeline/assess/grey.ts';
import { filterValid, gaussianWindow } from '../filterValid.ts';

/** Samples at each border whose surroundings are not all there. */
export const RADIUS = 3;
const SURROUNDINGS = gaussianWindow(RADIUS, 7 / 6);
/** Keeps flat regions from being divided by nothing. Of a picture whose range is 255. */
const STABILISER = 1;

/**
 * Mean-subtracted, contrast-normalised coefficients (Mittal et al. 2013): each sample less the Gaussian mean of its
 * surroundings, over their standard deviation plus 1. Smaller than `picture` by RADIUS samples at each border.
 */
export function contrastNormalised({ sizeX, sizeY, data }: Grey): Grey {
  const mean = filterValid((i) => data[i], sizeX, sizeY, SURROUNDINGS);
  const square = filterValid((i) => data[i] * data[i], sizeX, sizeY, SURROUNDINGS);
  const width = sizeX - 2 * RADIUS;
  const coefficients = new Float32Array(mean.length);
  for (let i = 0; i < mean.length; i++) {
    const centre = (Math.floor(i / width) + RADIUS) * sizeX + (i % width) + RADIUS;
    const deviation = Math.sqrt(Math.max(square[i] - mean[i] ** 2, 0));
    coefficients[i] = (data[centre] - mean[i]) / (deviation + STABILISER);
  }
  return { sizeX: width, sizeY: sizeY - 2 * RADIUS, data: coefficients };
}
