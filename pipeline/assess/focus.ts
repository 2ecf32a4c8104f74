import type { Grey } from './grey.ts';

/**
 * Brenner's focus score, mean (I(x+2) - I(x))^2, without the part that noise adds (2 `noiseVariance`, raw units squared),
 * over the squared mean signal above `offset`, so that bleaching does not look like defocus. No unit; compare it only
 * within a session. 0 when noise explains all, or when there is no signal.
 */
export function focusScore(picture: Grey, offset: number, noiseVariance: number): number {
  const { sizeX, data } = picture;
  let squares = 0;
  let signal = 0;
  let count = 0;
  for (let row = 0; row < data.length; row += sizeX) {
    for (let i = row + 2, end = row + sizeX; i < end; i++) {
      const difference = data[i] - data[i - 2];
      squares += difference * difference;
      signal += data[i];
      count += 1;
    }
  }
  const mean = signal / count - offset;
  return mean > 0 ? Math.max(0, squares / count - 2 * noiseVariance) / (mean * mean) : 0;
}
