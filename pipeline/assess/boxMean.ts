import type { Grey } from './grey.ts';

/**
 * Mean over `size` x `size` pixels (odd) around each pixel, edges replicated: scipy's `uniform_filter(mode='nearest')`.
 * Running sums: the cost does not depend on `size`.
 */
export function boxMean(picture: Grey, size: number): Grey {
  const { sizeX, sizeY, data } = picture;
  const radius = (size - 1) / 2;
  const columns = new Float32Array(data.length);

  const sums = new Float64Array(sizeX);
  const rowAt = (y: number): number => Math.min(Math.max(y, 0), sizeY - 1) * sizeX;
  for (let dy = -radius - 1; dy < radius; dy++) for (let x = 0; x < sizeX; x++) sums[x] += data[rowAt(dy) + x];
  for (let y = 0; y < sizeY; y++) {
    const enters = rowAt(y + radius);
    const leaves = rowAt(y - radius - 1);
    const row = y * sizeX;
    for (let x = 0; x < sizeX; x++) {
      sums[x] += data[enters + x] - data[leaves + x];
      columns[row + x] = sums[x] / size;
    }
  }

  const means = new Float32Array(data.length);
  const last = sizeX - 1;
  for (let row = 0; row < means.length; row += sizeX) {
    let sum = 0;
    for (let dx = -radius - 1; dx < radius; dx++) sum += columns[row + Math.min(Math.max(dx, 0), last)];
    for (let x = 0; x < sizeX; x++) {
      sum += columns[row + Math.min(x + radius, last)] - columns[row + Math.max(x - radius - 1, 0)];
      means[row + x] = sum / size;
    }
  }
  return { sizeX, sizeY, data: means };
}
