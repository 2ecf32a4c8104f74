import type { Evaluation } from '../evaluation.ts';
import { SCORE_MEANINGS } from '../score.ts';

/** One line a pair and candidate, one column a score; `use` says which candidates are for display only. */
export function asCsv({ rows, summaries }: Evaluation): string {
  const names = Object.keys(SCORE_MEANINGS);
  const uses = new Map(summaries.map(({ candidate, displayOnly }) => [candidate, displayOnly ? 'display only' : '']));
  const header = ['candidate', 'use', 'pair', 'field', 'group', ...names];
  const lines = rows.map(({ candidate, pair, field, group, scores }) =>
    [candidate, uses.get(candidate) ?? '', pair, field, group, ...names.map((name) => scores[name] ?? '')]
      .map(quoted)
      .join(','),
  );
  return `${[header.join(','), ...lines].join('\n')}\n`;
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
