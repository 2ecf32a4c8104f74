import type { MeasuredQuality, PredictedQuality } from '../frame.ts';

/** Properties of raw frames by which a model's training data and a session can be compared. */
export type DomainFeature = 'photonsBright' | 'photonsMean' | 'rowCorrelation' | 'bidirectionalOffset' | 'resolutionPx';

/** Lowest and highest value of each property in a model's training data. */
export type Domain = Readonly<Partial<Record<DomainFeature, readonly [low: number, high: number]>>>;

/** How far outside a range, relative to its width, still counts as near. */
const NEAR = 0.25;

const WORDS: Readonly<Record<DomainFeature, string>> = {
  photonsBright: 'photons in bright pixels',
  photonsMean: 'photons per pixel',
  rowCorrelation: 'noise correlation along rows',
  bidirectionalOffset: 'offset between odd and even lines',
  resolutionPx: 'resolution in pixels',
};

/** Compares a session with what a model was trained on. `unknown` when the model does not say, or nothing is measured yet. */
export function domainOf(
  measured: MeasuredQuality,
  domain: Domain | undefined,
): NonNullable<PredictedQuality['domain']> {
  const features = Object.entries(domain ?? {}) as [DomainFeature, readonly [number, number]][];
  const known = features.filter(([feature]) => measured[feature] !== undefined);
  if (known.length === 0) {
    return { verdict: 'unknown', because: domain ? 'not enough measured yet' : 'the model states no range' };
  }
  const excesses = known.map(([feature, [low, high]]) => {
    const value = measured[feature] as number;
    return { feature, value, low, high, excess: Math.max(low - value, value - high, 0) / (high - low) };
  });
  const worst = excesses.reduce((a, b) => (b.excess > a.excess ? b : a));
  if (worst.excess === 0) return { verdict: 'in' };
  const because = `${WORDS[worst.feature]}: ${worst.value.toPrecision(3)}, trained on ${worst.low} to ${worst.high}`;
  return { verdict: worst.excess > NEAR ? 'out' : 'near', because };
}
