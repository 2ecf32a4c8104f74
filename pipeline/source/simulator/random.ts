/**
 * Deterministic random numbers: the same seed and stream give the same numbers on every machine.
 *
 * Generator: pcg32 (PCG-XSH-RR 64/32, M. O'Neill 2014), with its 64-bit state held as two 32-bit halves.
 */

const MULTIPLIER_HIGH = 0x5851f42d;
const MULTIPLIER_LOW = 0x4c957f2d;
const MULTIPLIER_LOW_0 = MULTIPLIER_LOW & 0xffff;
const MULTIPLIER_LOW_1 = MULTIPLIER_LOW >>> 16;

export class Random {
  #high = 0;
  #low = 0;
  readonly #incrementHigh: number;
  readonly #incrementLow: number;

  /** `seed` and `stream` are integers, 0..2^53; streams of one seed are independent of each other. */
  constructor(seed: number, stream = 0) {
    this.#incrementHigh = highHalf(stream * 2);
    this.#incrementLow = (lowHalf(stream) << 1) | 1;
    this.bits();
    const low = (this.#low >>> 0) + (lowHalf(seed) >>> 0);
    this.#high = (this.#high + highHalf(seed) + (low > 0xffffffff ? 1 : 0)) | 0;
    this.#low = low | 0;
    this.bits();
  }

  /** 32 random bits, as a signed integer. */
  bits(): number {
    const high = this.#high;
    const low = this.#low;

    // state = state * multiplier + increment, modulo 2^64, from 16-bit parts of the low halves.
    const low0 = low & 0xffff;
    const low1 = low >>> 16;
    const p01 = Math.imul(low0, MULTIPLIER_LOW_1);
    const p10 = Math.imul(low1, MULTIPLIER_LOW_0);
    const middle = (Math.imul(low0, MULTIPLIER_LOW_0) >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
    const carried = Math.imul(low1, MULTIPLIER_LOW_1) + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16);
    const newLow = (Math.imul(low, MULTIPLIER_LOW) >>> 0) + (this.#incrementLow >>> 0);
    this.#high =
      (Math.imul(high, MULTIPLIER_LOW) +
        Math.imul(low, MULTIPLIER_HIGH) +
        carried +
        this.#incrementHigh +
        (newLow > 0xffffffff ? 1 : 0)) |
      0;
    this.#low = newLow | 0;

    const mixedHigh = (high >>> 18) ^ high;
    const mixedLow = ((low >>> 18) | (high << 14)) ^ low;
    const word = (mixedHigh << 5) | (mixedLow >>> 27);
    const turn = high >>> 27;
    return (word >>> turn) | (word << (-turn & 31));
  }

  /** Uniform in (0, 1). */
  uniform(): number {
    return ((this.bits() >>> 0) + 0.5) * 2 ** -32;
  }

  /** Uniform in (low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Standard normal, by Marsaglia and Tsang's ziggurat (2000) with 128 layers. */
  normal(): number {
    for (;;) {
      const bits = this.bits();
      const layer = bits & 127;
      const x = bits * ZIGGURAT.width[layer]!;
      if (Math.abs(bits) < ZIGGURAT.inside[layer]!) return x;
      if (layer === 0) return bits < 0 ? -this.#normalTail() : this.#normalTail();
      const { height } = ZIGGURAT;
      const y = height[layer]! + this.uniform() * (height[layer + 1]! - height[layer]!);
      if (y < Math.exp(-0.5 * x * x)) return x;
    }
  }

  #normalTail(): number {
    for (;;) {
      const x = -Math.log(this.uniform()) / ZIGGURAT_END;
      if (-2 * Math.log(this.uniform()) > x * x) return ZIGGURAT_END + x;
    }
  }

  /** Log-normal with median 1 and the given standard deviation of the logarithm. */
  logNormal(sigma: number): number {
    return Math.exp(sigma * this.normal());
  }

  /** Poisson with the given mean: sequential inversion when it is small, Hörmann's PTRS (1993) when it is not. */
  poisson(mean: number): number {
    if (mean >= 12) return this.#poissonByRejection(mean);
    if (!(mean > 0)) return 0;
    let probability = Math.exp(-mean);
    let rest = this.uniform() - probability;
    let count = 0;
    while (rest > 0 && count < 100) {
      count += 1;
      probability *= mean / count;
      rest -= probability;
    }
    return count;
  }

  #poissonByRejection(mean: number): number {
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const squeeze = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= squeeze) return count;
      if (count < 0 || (us < 0.013 && v > us)) continue;
      const bound = count * Math.log(mean) - mean - logFactorial(count);
      if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= bound) return count;
    }
  }
}

const SMALL_LOG_FACTORIALS = [0, 0, Math.log(2), Math.log(6), Math.log(24), Math.log(120), Math.log(720)];

/** ln(n!), by Stirling's series: within 1e-8. */
function logFactorial(n: number): number {
  const known = SMALL_LOG_FACTORIALS[n];
  if (known !== undefined) return known;
  const x = n + 1;
  const correction = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + correction;
}

const ZIGGURAT_END = 3.442619855899;
const ZIGGURAT = zigguratTables();

/** Layer i spans |x| < `width[i] * 2^31`; `inside[i]` of its 2^31 parts lie wholly under the curve. */
function zigguratTables() {
  const area = 9.91256303526217e-3;
  const density = (x: number) => Math.exp(-0.5 * x * x);
  const edges = new Float64Array(129);
  edges[0] = area / density(ZIGGURAT_END);
  edges[1] = ZIGGURAT_END;
  for (let i = 2; i < 128; i++) {
    edges[i] = Math.sqrt(-2 * Math.log(area / edges[i - 1]! + density(edges[i - 1]!)));
  }
  const width = edges.slice(0, 128).map((edge) => edge * 2 ** -31);
  const inside = new Float64Array(128).map((_, i) => (edges[i + 1]! / edges[i]!) * 2 ** 31);
  // Layer i is the strip between the curve's heights at its own edge and at the next narrower one (the last is 0).
  const height = new Float64Array(129).map((_, i) => density(edges[i]!));
  return { width, inside, height };
}

function lowHalf(value: number): number {
  return value | 0;
}

function highHalf(value: number): number {
  return Math.floor(value / 2 ** 32) | 0;
}
