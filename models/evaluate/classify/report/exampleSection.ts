import { escaped } from '../../report/html.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import type { Example } from '../examples.ts';
import { FLIP_KINDS, FLIP_MEANINGS } from '../flips.ts';
import { nameOf } from './markup.ts';
import { percent } from './numbers.ts';

/** How often an arm changes the answer, and cells where it did. */
export function exampleSection({ panels, classes }: DecisionEvaluation, examples: readonly Example[]): string {
  const rows = panels.flatMap((panel) => panel.rows.filter(({ flips }) => flips).map((row) => ({ panel, row })));
  const lines = rows.map(
    ({ panel, row }) =>
      `<tr><td>${escaped(`${row.arm}: ${nameOf(panel)}`)}</td>${FLIP_KINDS.map((kind) => `<td>${percent(row.flips![kind])}</td>`).join('')}</tr>`,
  );
  const shown = examples.map(({ cell, label, flip, by, views }) => {
    const figures = views.map(({ condition, picture, answer }) => {
      const said = classes[answer.predicted];
      const [look, mark] = answer.unsure ? ['unsure', '? unsure:'] : said === label ? ['pass', '✓'] : ['fail', '✗'];
      return `<figure><img src="${picture}" width="148" height="148" alt="${escaped(condition.arm)}"><figcaption>${escaped(condition.arm)}<br>
<span class="${look}">${mark} ${escaped(said)}</span> ${percent(answer.confidence, 0)}</figcaption></figure>`;
    });
    return `<div class="example"><h3>${escaped(cell)}: ${escaped(label)}; ${flip} by ${escaped(by)}</h3><div class="pictures">${figures.join('')}</div></div>`;
  });
  return `<section><h2 id="examples">Changed answers</h2>
<p>Pictures that are named differently in an arm than from bicubic: there the enhancement, rather than the cell, made the decision.
${FLIP_KINDS.map((kind) => `<b>${kind}</b>: ${escaped(FLIP_MEANINGS[kind])}`).join('; ')}.</p>
<table><tr><th>share of pictures</th>${FLIP_KINDS.map((kind) => `<th>${kind}</th>`).join('')}</tr>${lines.join('')}</table>
${shown.join('\n')}</section>`;
}
