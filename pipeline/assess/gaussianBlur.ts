import type { Grey } from './grey.ts';

/** Gaussian blur of `sigma` pixels, cut at 4 sigma, edges replicated: scipy's `gaussian_filter(mode='nearest')`. */
export function gaussianBlur(picture: Grey, sigma: number): Grey {
  const { sizeX, sizeY, data } = picture;
  const kernel = gaussianKernel(sigma);
  const radius = (kernel.length - 1) / 2;

  const columns = new Float32Array(data.length);
  for (let y = 0; y < sizeY; y++) {
    const row = y * sizeX;
    for (let k = -radius; k <= radius; k++) {
      const weight = kernel[k + radius];
      const from = Math.min(Math.max(y + k, 0), sizeY - 1) * sizeX;
      for (let x = 0; x < sizeX; x++) columns[row + x] += weight * data[from + x];
    }
  }

  const blurred = new Float32Array(data.length);
  const padded = new Float32Array(sizeX + 2 * radius);
  const line = new Float32Array(sizeX);
  for (let row = 0; row < data.length; row += sizeX) {
    padded.fill(columns[row], 0, radius);
    padded.set(columns.subarray(row, row + sizeX), radius);
    padded.fill(columns[row + sizeX - 1], radius + sizeX);
    line.fill(0);
    for (let k = 0; k < kernel.length; k++) {
      const weight = kernel[k];
      for (let x = 0; x < sizeX; x++) line[x] += weight * padded[x + k];
    }
    blurred.set(line, row);
  }
  return { sizeX, sizeY, data: blurred };
}

function gaussianKernel(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return kernel.map((weight) => weight / sum);
}
