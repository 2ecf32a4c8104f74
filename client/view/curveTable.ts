/** Curves as text that a spreadsheet takes. */

export interface Curve {
  readonly name: string;
  /** Where, and how much. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** A row for each place at which any of the curves has a value; tabs between columns. `along`: what the first column is, with its unit. */
export function tableOf(along: string, curves: readonly Curve[]): string {
  const byPlace = curves.map(({ points }) => new Map(points));
  const places = [...new Set(curves.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
  const rows = places.map((at) => [Number(at.toPrecision(6)), ...byPlace.map((values) => values.get(at) ?? '')]);
  return [[along, ...curves.map(({ name }) => name)], ...rows].map((row) => row.join('\t')).join('\n');
}
