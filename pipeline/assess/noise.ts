import type { Grey } from './grey.ts';

/**
 * Standard deviation of white noise, raw units, from one raw picture (Immerkaer 1996):
 * sqrt(pi/2) / (6 (W-2)(H-2)) * sum |I * [1 -2 1; -2 4 -2; 1 -2 1]|. Blind to smooth structure; fine structure adds to
 * it, and where noise varies with brightness it reads some percent low. 0 below 3x3 pixels.
 */
export function noiseSigma(picture: Grey): number {
  const { sizeX, sizeY, data } = picture;
  if (sizeX < 3 || sizeY < 3) return 0;
  let sum = 0;
  for (let y = 1; y < sizeY - 1; y++) {
    for (let i = y * sizeX + 1, end = (y + 1) * sizeX - 1; i < end; i++) {
      const above = i - sizeX;
      const below = i + sizeX;
      sum += Math.abs(
        data[above - 1] +
          data[above + 1] +
          data[below - 1] +
          data[below + 1] -
          2 * (data[above] + data[below] + data[i - 1] + data[i + 1]) +
          4 * data[i],
      );
    }
  }
  return (Math.sqrt(Math.PI / 2) * sum) / (6 * (sizeX - 2) * (sizeY - 2));
}
