import type { Grey } from './grey.ts';

/**
 * Correlation (-1..1) of the noise of neighbouring pixels along a row, from the difference of two frames of a still scene.
 * 0 for white noise; the bandwidth of a scanning detector makes it positive.
 */
export function rowCorrelation(before: Grey, now: Grey): number | undefined {
  const { sizeX } = now;
  const a = before.data;
  const b = now.data;
  let products = 0;
  let squares = 0;
  let sum = 0;
  for (let row = 0; row < b.length; row += sizeX) {
    let left = b[row] - a[row];
    for (let i = row + 1, end = row + sizeX; i < end; i++) {
      const right = b[i] - a[i];
      products += left * right;
      squares += (left * left + right * right) / 2;
      sum += (left + right) / 2;
      left = right;
    }
  }
  const count = b.length - now.sizeY;
  const mean = sum / count; // A lamp that flickers shifts a whole frame: not noise of a pixel.
  const variance = squares / count - mean * mean;
  return variance > 0 ? (products / count - mean * mean) / variance : undefined;
}
