import type { DecisionEvaluation } from '../evaluation.ts';
import { blankVerdict, verdictOf } from './words.ts';

/** Everything but the single answers, which are in the CSV file. What cannot be measured is null. */
export function asJson(evaluation: DecisionEvaluation): string {
  const { answers: _, cells, panels, ...rest } = evaluation;
  const summary = {
    ...rest,
    cells: cells.length,
    sources: new Set(cells.map(({ source }) => source)).size,
    panels: panels.map((panel) => ({ ...panel, verdict: verdictOf(panel) })),
    blankVerdict: blankVerdict(evaluation),
  };
  return `${JSON.stringify(summary, null, 2)}\n`;
}
