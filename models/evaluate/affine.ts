/** Least squares of y = slope * x + intercept. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Pearson's r. */
  readonly correlation: number;
}

/** Slope 0 when x does not vary. */
export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>): Line {
  const n = x.length;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < n; i++) {
    meanX += x[i] / n;
    meanY += y[i] / n;
  }
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let i = 0; i < n; i++) {
    const dx = x[i] - meanX;
    const dy = y[i] - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  const slope = xx > 0 ? xy / xx : 0;
  return { slope, intercept: meanY - slope * meanX, correlation: xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0 };
}

/** `values` after the scale and offset that bring them closest to `target` in least squares. */
export function fitted(values: Float32Array, target: Float32Array): Float32Array {
  const { slope, intercept } = fitLine(values, target);
  return values.map((value) => slope * value + intercept);
}
