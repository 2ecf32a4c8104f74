/** 10 log10(range^2 / mean squared error), dB; Infinity for equal pictures. */
export function psnr(prediction: Float32Array, truth: Float32Array, range: number): number {
  let squares = 0;
  for (let i = 0; i < truth.length; i++) squares += (prediction[i] - truth[i]) ** 2;
  return 10 * Math.log10((range * range) / (squares / truth.length));
}

export function extremes(values: Float32Array): {
  readonly low: number;
  readonly high: number;
  readonly range: number;
} {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  return { low, high, range: high - low };
}
