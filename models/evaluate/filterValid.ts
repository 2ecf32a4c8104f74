/**
 * Filters a picture of `sizeX` x `sizeY` values along rows and then along columns, in float64, at the positions where the
 * kernel fits: the result is `kernel.length - 1` smaller each way.
 */
export function filterValid(
  value: (i: number) => number,
  sizeX: number,
  sizeY: number,
  kernel: Float64Array,
): Float64Array {
  const width = sizeX - kernel.length + 1;
  const height = sizeY - kernel.length + 1;
  const rows = new Float64Array(width * sizeY);
  const line = new Float64Array(sizeX);
  for (let y = 0; y < sizeY; y++) {
    for (let x = 0; x < sizeX; x++) line[x] = value(y * sizeX + x);
    for (let k = 0; k < kernel.length; k++) {
      for (let x = 0, i = y * width; x < width; x++, i++) rows[i] += kernel[k] * line[x + k];
    }
  }
  const result = new Float64Array(width * height);
  for (let k = 0; k < kernel.length; k++) {
    const from = k * width;
    for (let i = 0; i < result.length; i++) result[i] += kernel[k] * rows[i + from];
  }
  return result;
}

/** Samples of a Gaussian of `sigma`, `2 radius + 1` of them, with sum 1. */
export function gaussianWindow(radius: number, sigma: number): Float64Array {
  return sumOne(Float64Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2)));
}

export function uniformWindow(length: number): Float64Array {
  return sumOne(new Float64Array(length).fill(1));
}

function sumOne(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
