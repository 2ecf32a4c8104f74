import type { Answer } from '../answer.ts';

/** Answering only the most confident `coverage` (share) of pictures gives this share of errors. */
export interface RiskPoint {
  readonly coverage: number;
  readonly risk: number;
}

/**
 * Selective risk against coverage (El-Yaniv and Wiener, JMLR 2010), one point a picture, most confident first. Pictures of
 * the same confidence have no order among themselves: each then counts as their average.
 */
export function riskCoverage(truths: readonly number[], answers: readonly Answer[]): RiskPoint[] {
  const order = answers.map((_, i) => i).sort((a, b) => answers[b].confidence - answers[a].confidence);
  const points: RiskPoint[] = [];
  let errors = 0;
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && answers[order[to]].confidence === answers[order[from]].confidence) to += 1;
    const wrong = order.slice(from, to).filter((i) => answers[i].predicted !== truths[i]).length;
    for (let k = from + 1; k <= to; k++) {
      const expected = errors + (wrong * (k - from)) / (to - from);
      points.push({ coverage: k / order.length, risk: expected / k });
    }
    errors += wrong;
    from = to;
  }
  return points;
}

/** Area under the curve: mean risk over all coverages (Geifman et al., ICLR 2019). Lower is better; 0 is the best. */
export function areaUnder(points: readonly RiskPoint[]): number {
  return points.reduce((sum, { risk }) => sum + risk, 0) / points.length;
}
