import type { Evaluation } from '../evaluation.ts';
import { SCORE_MEANINGS } from '../score.ts';

/** One line a pair and candidate, one column a score. */
export function asCsv({ rows }: Evaluation): string {
  const names = Object.keys(SCORE_MEANINGS);
  const header = ['candidate', 'pair', 'field', 'group', ...names];
  const lines = rows.map(({ candidate, pair, field, group, scores }) =>
    [candidate, pair, field, group, ...names.map((name) => scores[name] ?? '')].map(quoted).join(','),
  );
  return `${[header.join(','), ...lines].join('\n')}\n`;
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
