import { escaped } from '../../report/html.ts';
import { ORIGINAL } from '../arms.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import type { Example } from '../examples.ts';
import { armColours } from './armColour.ts';
import { blankSection } from './blankSection.ts';
import { meaningsSection, publishedSection } from './closingSections.ts';
import { exampleSection } from './exampleSection.ts';
import { likenessSection } from './likenessSection.ts';
import { nameOf } from './markup.ts';
import { panelSection } from './panelSection.ts';
import { shortSection } from './shortSection.ts';
import { DECISION_STYLE } from './style.ts';

export interface DecisionReport {
  readonly title: string;
  /** Where the pictures came from. */
  readonly about: string;
  readonly evaluation: DecisionEvaluation;
  readonly examples: readonly Example[];
}

/** One file, with its pictures in it: it needs nothing beside it and loads nothing. */
export function asHtml({ title, about, evaluation, examples }: DecisionReport): string {
  const { panels, skipped } = evaluation;
  const colours = armColours([
    { arm: ORIGINAL, kind: 'original' },
    ...evaluation.arms.map(({ id, kind }) => ({ arm: id, kind })),
  ]);
  const unread = skipped.map(({ cell, problem }) => `<li>${escaped(cell)}: ${escaped(problem)}</li>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${DECISION_STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${escaped(about)}</p>
<p>Each picture is reduced to ${evaluation.protocol.lowSide}x${evaluation.protocol.lowSide} pixels, restored to four times that in different ways (the arms), and named by
classifiers that were fitted on originals. Restored pictures are predictions. Intervals are 95 %, from drawing source pictures again, the same for every arm;
± is the standard deviation over trainings of a classifier. Not for diagnosis.</p>
<nav>${panels.map((panel, i) => `<a href="#panel-${i}">${escaped(nameOf(panel))}</a>`).join('')}<a href="#examples">Changed answers</a>
<a href="#blank">Without a cell</a><a href="#likeness">Likeness</a><a href="#published">Published figures</a><a href="#meanings">What the numbers are</a></nav>
${shortSection(panels)}
${unread.length > 0 ? `<p>Not read:</p><ul>${unread.join('')}</ul>` : ''}
${panels.map((panel, i) => panelSection(panel, i, evaluation, colours)).join('\n')}
${exampleSection(evaluation, examples)}
${blankSection(evaluation)}
${likenessSection(evaluation, colours)}
${publishedSection()}
${meaningsSection(evaluation)}
</body></html>
`;
}
