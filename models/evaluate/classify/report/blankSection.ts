import { escaped } from '../../report/html.ts';
import { BLANK_MEANINGS } from '../blankCells.ts';
import { BLANK_PASS } from '../blankTest.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import { cell } from './markup.ts';
import { percent } from './numbers.ts';
import { blankVerdict } from './words.ts';

/** The swap test. */
export function blankSection(evaluation: DecisionEvaluation): string {
  const { blank, classes, conditions } = evaluation;
  const tables = [...new Set(blank.map(({ family }) => family))].map((family) => {
    const own = blank.filter((result) => result.family === family);
    const lines = own.map(({ blank: kind, condition, histogram, evenness, confidence, refused, passed }, i) => {
      const isFirst = kind !== own[i - 1]?.blank;
      const shares = histogram.map((share) => cell(percent(share, 0))).join('');
      const verdict = `<td class="${passed ? 'pass' : 'fail'}">${passed ? 'passed' : 'not passed'}</td>`;
      return (
        `<tr${isFirst ? ' class="first"' : ''}>${cell(isFirst ? kind : '')}${cell(escaped(condition))}${verdict}` +
        `${[percent(refused), percent(confidence)].map(cell).join('')}${shares}${cell(evenness.toFixed(2))}</tr>`
      );
    });
    const header = ['picture', 'arm', '', 'refused', 'confidence', ...classes.map(escaped), 'evenness'];
    const titles = header.map((name) => `<th>${name}</th>`).join('');
    return `<table class="blanks"><caption>${escaped(family)}: ${own[0].count} answers a line</caption><tr>${titles}</tr>${lines.join('')}</table>`;
  });
  const kinds = Object.entries(BLANK_MEANINGS).map(([kind, meaning]) => `<b>${kind}</b>: ${escaped(meaning)}`);
  return `<section><h2 id="blank">Without a cell</h2>
<p>The swap test: pictures that hold no cell go through every arm (${conditions.length} conditions). ${kinds.join('; ')}. Passed when at least ${percent(BLANK_PASS, 0)} are refused
as unsure. Evenness: 1 when the refused or given answers spread over all classes alike, 0 when it is always the same.</p>
<div class="verdict"><ul>${blankVerdict(evaluation)
    .map((sentence) => `<li>${escaped(sentence)}</li>`)
    .join('')}</ul></div>
${tables.join('')}</section>`;
}
