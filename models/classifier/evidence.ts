import type { Look } from './decision.ts';

/**
 * What several looks at one cell come to. Each look counts 1, and less with every look that follows it. Class probabilities
 * are combined as the weighted mean of their logarithms: a sum would take the looks for independent, and looks at nearly the
 * same pixels are not, so that a hundred of them would make a guess look certain.
 */

/** What a look counts when the next one has come. */
const KEPT = 0.85;
/** A probability of 0 would outweigh all other looks for ever. */
const LEAST_PROBABILITY = 1e-6;

export interface Evidence {
  readonly looks: number;
  readonly weight: number;
  /** Weighted sums: of the finder's probability, of each kind, and of looks that were named and that were strange. */
  readonly confidence: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly named: number;
  readonly strange: number;
  /** Weighted sum of the logarithm of each class's probability. */
  readonly logs: Readonly<Record<string, number>>;
}

export const NO_EVIDENCE: Evidence = { looks: 0, weight: 0, confidence: 0, kinds: {}, named: 0, strange: 0, logs: {} };

export function withLook(before: Evidence, { kind, confidence, probabilities, isStrange }: Look): Evidence {
  return {
    looks: before.looks + 1,
    weight: before.weight * KEPT + 1,
    confidence: before.confidence * KEPT + confidence,
    kinds: added(before.kinds, { [kind]: 1 }),
    ...(probabilities
      ? {
          named: before.named * KEPT + 1,
          strange: before.strange * KEPT + (isStrange ? 1 : 0),
          logs: added(
            before.logs,
            mapped(probabilities, (p) => Math.log(Math.max(p, LEAST_PROBABILITY))),
          ),
        }
      : { named: before.named, strange: before.strange, logs: before.logs }),
  };
}

/** The evidence as one look. */
export function combined({ weight, confidence, kinds, named, strange, logs }: Evidence): Look {
  const [kind] = Object.entries(kinds).reduce((best, each) => (each[1] > best[1] ? each : best));
  // A cell that was mostly taken for another kind has no use for the names that it got meanwhile.
  if (named < weight / 2) return { kind, confidence: confidence / weight };
  const powers = mapped(logs, (sum) => Math.exp(sum / named));
  const total = Object.values(powers).reduce((sum, power) => sum + power, 0);
  return {
    kind,
    confidence: confidence / weight,
    probabilities: mapped(powers, (power) => power / total),
    isStrange: strange > named / 2,
  };
}

type Values = Readonly<Record<string, number>>;

function added(before: Values, now: Values): Values {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return Object.fromEntries([...names].map((name) => [name, (before[name] ?? 0) * KEPT + (now[name] ?? 0)]));
}

function mapped(values: Values, map: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
