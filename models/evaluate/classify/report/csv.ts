import type { DecisionEvaluation } from '../evaluation.ts';

/** One line a picture, arm and classifier. */
export function asCsv({ cells, classes, conditions, judges, answers }: DecisionEvaluation): string {
  const columns = ['cell', 'source', 'label', 'arm', 'degradation', 'classifier', 'answer', 'confidence', 'unsure'];
  const header = [...columns, ...classes.map((name) => `p_${name}`)];
  const lines = judges.flatMap(({ id }, j) =>
    conditions.flatMap(({ arm, degradation }, c) =>
      (answers[j][c] ?? []).map(({ predicted, confidence, unsure, probabilities }, i) => {
        const { name, source, label } = cells[i];
        const said = [
          classes[predicted],
          confidence.toFixed(6),
          unsure ? 1 : 0,
          ...probabilities.map((p) => p.toFixed(6)),
        ];
        return [name, source, label, arm, degradation, id, ...said].map(quoted).join(',');
      }),
    ),
  );
  return `${[header.join(','), ...lines].join('\n')}\n`;
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
