import type { Grey } from './grey.ts';
import type { StillPixels } from './stillness.ts';

/**
 * Correlation (-1..1) of the noise of neighbouring pixels along a row, from samples of the noise (`frameNoise`), over
 * the pixels that held still when they are given. 0 for white noise; the bandwidth of a scanning detector makes it positive. Undefined without noise.
 */
export function rowCorrelation({ sizeX, sizeY, data }: Grey, still?: StillPixels): number | undefined {
  let products = 0;
  let squares = 0;
  for (let y = 1; y < sizeY - 1; y++) {
    for (let i = y * sizeX + 1, end = (y + 1) * sizeX; i < end; i++) {
      if (still?.mask[i] === 0) continue;
      products += data[i - 1] * data[i];
      squares += (data[i - 1] * data[i - 1] + data[i] * data[i]) / 2;
    }
  }
  return squares > 0 ? products / squares : undefined;
}
