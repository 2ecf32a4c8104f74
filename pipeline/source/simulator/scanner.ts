import type { Random } from './random.ts';

/**
 * A point-scanning detector (photomultiplier or GaAsP) with its electronics. Light in photo-electrons (e-), signal in counts.
 *
 *     S = sum of k single-electron responses, k ~ Poisson(light + dark), each log-normal with mean 1 and variance F^2 - 1
 *     s_j = (1 - a) S_j + a s_(j-1) along the scan, a = exp(-dwell / detectorTime)
 *     y = clip(round(offset + gain * s + readNoise * N(0, 1)), 0, 2^significantBits - 1)
 *
 * so Var y = gain^2 F^2 light (1 - a) / (1 + a) + readNoise^2, and neighbours in a row correlate with a^distance. The
 * log-normal single-electron response: Kissick et al., Anal. Chem. 82:10129 (2010).
 */
export interface ScanDetector {
  readonly kind: 'scanner';
  /** counts per e- */
  readonly gain: number;
  /** counts */
  readonly offset: number;
  /** counts, standard deviation */
  readonly readNoise: number;
  /** F^2, at least 1: variance of the multiplied signal over that of the photons. 1.05 hybrid, 1.2 photomultiplier. */
  readonly excessNoise: number;
  /** counts per second in the dark */
  readonly darkRate: number;
  /** Time constant of detector and amplifier, second. */
  readonly detectorTime: number;
  readonly significantBits: number;
  /** Odd lines are read backwards. */
  readonly bidirectional: boolean;
  /** Share of a line's time in which samples are taken, 0..1. */
  readonly activeFraction: number;
  /** How far to the right of their place odd lines are read, raw pixels; and the thermal swing of that. */
  readonly lineShift: number;
  readonly lineShiftSwing: number;
  /** Standard deviation of each line's place, raw pixels. */
  readonly rowJitter: number;
  /** Relative fluctuation of the light from line to line, standard deviation. */
  readonly laserNoise: number;
}

const RESPONSES = 4096;
/** Above this many electrons the sum of responses is drawn as a normal number. */
const MANY_ELECTRONS = 24;
const responseTables = new Map<number, Float32Array>();

/** Share of a sample that is left over from the one before it, 0..1. */
export function carryOver(detector: ScanDetector, dwellTime: number): number {
  return detector.detectorTime > 0 ? Math.exp(-dwellTime / detector.detectorTime) : 0;
}

/** How far to the right of its place each of `sizeY` lines is read at `time` (second), raw pixels. */
export function rowShifts(detector: ScanDetector, sizeY: number, time: number, random: Random): Float64Array {
  // The mirror's phase swings slowly with temperature: once in ten minutes.
  const odd = detector.lineShift + detector.lineShiftSwing * Math.sin((2 * Math.PI * time) / 600);
  return Float64Array.from({ length: sizeY }, (_, row) => {
    const jitter = detector.rowJitter > 0 ? detector.rowJitter * random.normal() : 0;
    return (row % 2 === 1 ? odd : 0) + jitter;
  });
}

/** One frame in counts from the mean light per sample (e-, row-major). `dwellTime` in second. */
export function detectScan(
  light: Float32Array,
  sizeX: number,
  detector: ScanDetector,
  dwellTime: number,
  random: Random,
): Uint16Array {
  const { gain, offset, readNoise, excessNoise, laserNoise } = detector;
  const counts = new Uint16Array(light.length);
  const top = 2 ** detector.significantBits - 1;
  const dark = detector.darkRate * dwellTime;
  const carried = carryOver(detector, dwellTime);
  const responses = excessNoise > 1 ? responseTable(excessNoise) : undefined;
  const sizeY = light.length / sizeX;

  for (let row = 0; row < sizeY; row++) {
    const backwards = detector.bidirectional && row % 2 === 1;
    const step = backwards ? -1 : 1;
    let at = row * sizeX + (backwards ? sizeX - 1 : 0);
    // The scan turns around outside the picture, in the dark of the blanked beam: it begins with the first sample's mean.
    const laser = laserNoise > 0 ? 1 + laserNoise * random.normal() : 1;
    let signal = light[at]! * laser + dark;
    for (let j = 0; j < sizeX; j++, at += step) {
      const electrons = random.poisson(light[at]! * laser + dark);
      const multiplied = responses ? multiply(electrons, responses, excessNoise, random) : electrons;
      signal += (1 - carried) * (multiplied - signal);
      const value = Math.round(offset + gain * signal + readNoise * random.normal());
      counts[at] = value < 0 ? 0 : value > top ? top : value;
    }
  }
  return counts;
}

function multiply(electrons: number, responses: Float32Array, excessNoise: number, random: Random): number {
  if (electrons > MANY_ELECTRONS) {
    return electrons + Math.sqrt(electrons * (excessNoise - 1)) * random.normal();
  }
  let sum = 0;
  for (let k = 0; k < electrons; k++) sum += responses[random.bits() & (RESPONSES - 1)]!;
  return sum;
}

/** Quantiles of the single-electron response, brought to exactly mean 1 and variance F^2 - 1. */
function responseTable(excessNoise: number): Float32Array {
  const known = responseTables.get(excessNoise);
  if (known) return known;
  const sigma = Math.sqrt(Math.log(excessNoise));
  const raw = Float64Array.from({ length: RESPONSES }, (_, i) =>
    Math.exp(sigma * normalQuantile((i + 0.5) / RESPONSES) - sigma ** 2 / 2),
  );
  const mean = raw.reduce((sum, value) => sum + value, 0) / RESPONSES;
  const variance = raw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / RESPONSES;
  const scale = Math.sqrt((excessNoise - 1) / variance);
  const table = Float32Array.from(raw, (value) => 1 + scale * (value - mean));
  responseTables.set(excessNoise, table);
  return table;
}

/** Inverse of the standard normal distribution, P. J. Acklam's rational approximation: relative error below 1.2e-9. */
function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      (((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) * q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r + 1.38357751867269e2) * r -
      3.066479806614716e1) *
      r +
      2.506628277459239) *
      q) /
    (((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r + 6.680131188771972e1) * r -
      1.328068155288572e1) *
      r +
      1)
  );
}
