/** Asymmetric generalised Gaussian: exp(-(|x| / left)^shape) below zero, exp(-(x / right)^shape) above. */
export interface GaussianFit {
  /** 2 for a Gaussian, 1 for a Laplacian, smaller for longer tails; 0.2..10. */
  readonly shape: number;
  readonly left: number;
  readonly right: number;
  /** Of the fitted distribution. */
  readonly mean: number;
}

const LEAST_SHAPE = 0.2;
const LARGEST_SHAPE = 10;
/** Halvings of that range: far below what the data can tell. */
const HALVINGS = 40;

/** By matched moments (Lasmar et al. 2009). Undefined when there is nothing on one side of zero: such values have no fit. */
export function fitGaussian(values: Float64Array): GaussianFit | undefined {
  let [leftSquares, leftCount, rightSquares, rightCount, absolute] = [0, 0, 0, 0, 0];
  for (const value of values) {
    absolute += Math.abs(value);
    if (value < 0) {
      leftSquares += value * value;
      leftCount += 1;
    } else if (value > 0) {
      rightSquares += value * value;
      rightCount += 1;
    }
  }
  if (leftCount === 0 || rightCount === 0) return undefined;
  const leftDeviation = Math.sqrt(leftSquares / leftCount);
  const rightDeviation = Math.sqrt(rightSquares / rightCount);
  const ratio = leftDeviation / rightDeviation;
  const moments = absolute ** 2 / (values.length * (leftSquares + rightSquares));
  const shape = shapeOf((moments * (ratio ** 3 + 1) * (ratio + 1)) / (ratio ** 2 + 1) ** 2);
  const spread = Math.exp((logGamma(1 / shape) - logGamma(3 / shape)) / 2);
  const left = leftDeviation * spread;
  const right = rightDeviation * spread;
  return { shape, left, right, mean: (right - left) * Math.exp(logGamma(2 / shape) - logGamma(1 / shape)) };
}

/** The shape whose mean absolute value, squared, over mean square is `moments`; that rises with the shape. */
function shapeOf(moments: number): number {
  let [low, high] = [LEAST_SHAPE, LARGEST_SHAPE];
  for (let i = 0; i < HALVINGS; i++) {
    const shape = (low + high) / 2;
    const here = Math.exp(2 * logGamma(2 / shape) - logGamma(1 / shape) - logGamma(3 / shape));
    if (here < moments) low = shape;
    else high = shape;
  }
  return (low + high) / 2;
}

/** Lanczos's approximation, g = 7, 9 terms: 15 digits for x > 0. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** Natural logarithm of the gamma function, x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const below = x - 1;
  const t = below + 7.5;
  const sum = LANCZOS.slice(1).reduce((total, term, k) => total + term / (below + k + 1), LANCZOS[0] as number);
  return 0.5 * Math.log(2 * Math.PI) + (below + 0.5) * Math.log(t) - t + Math.log(sum);
}
