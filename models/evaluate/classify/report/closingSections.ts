import { escaped } from '../../report/html.ts';
import { BICUBIC, ORIGINAL } from '../arms.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import { FIGURE_MEANINGS } from '../metrics/figures.ts';
import { OWN_DATA_CAVEAT, PUBLISHED } from './published.ts';

/** What others found, and why it is not the same. */
export function publishedSection(): string {
  const rows = PUBLISHED.map(
    ({ name, data, arms, results, differences }) =>
      `<tr>${[name, data, arms, results, differences].map((text) => `<td>${escaped(text)}</td>`).join('')}</tr>`,
  );
  return `<section><h2 id="published">Published figures, and what differs</h2>
<table class="studies"><tr>${['study', 'pictures', 'arms and classifiers', 'results', 'what differs'].map((name) => `<th>${name}</th>`).join('')}</tr>${rows.join('')}</table>
<p>${escaped(OWN_DATA_CAVEAT)}</p></section>`;
}

/** Every figure, arm and classifier in words. */
export function meaningsSection({ arms, judges, protocol }: DecisionEvaluation): string {
  const own = [...arms, ...judges].map(
    ({ id, description }) => `<dt>${escaped(id)}</dt><dd>${escaped(description)}</dd>`,
  );
  return `<section><h2 id="meanings">What the numbers are</h2>
<dl>${Object.entries(FIGURE_MEANINGS)
    .map(([name, meaning]) => `<dt>${name}</dt><dd>${escaped(meaning)}</dd>`)
    .join('')}</dl>
<h3>Arms and classifiers</h3><dl><dt>${ORIGINAL}</dt><dd>not reduced and restored, else as every arm</dd>${own.join('')}</dl>
<p>Each arm is compared with ${BICUBIC}. Noise has the seed ${protocol.seed}. The temperature of a classifier comes from its package and is the same in every arm.</p></section>`;
}
