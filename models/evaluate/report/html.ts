import { TRUTH, type Evaluation } from '../evaluation.ts';
import { SCORE_MEANINGS } from '../score.ts';
import type { NamedPicture } from './picture.ts';
import { ceilingNote, displayOnlyNotes, shownName, withInterval } from './text.ts';

/** The one number here that knows no truth says so beside the table. */
const SCENE_STATISTICS_NOTE =
  'nss-distance needs no truth and says nothing about it: lower means statistics nearer to those of the other fields’ long ' +
  'averages, whose own noise is part of them. The truth’s own is the floor; a picture smoother than it is far away too, and a ' +
  'picture with invented grain may be near.';

export interface ReportInput {
  readonly title: string;
  /** Where the pairs came from. */
  readonly about: string;
  readonly evaluation: Evaluation;
  readonly samples: readonly { readonly pair: string; readonly pictures: readonly NamedPicture[] }[];
}

export const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff; margin: 2rem auto; max-width: 80rem; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
caption { text-align: left; padding: .5rem 0; font-weight: 600 }
.pictures { display: flex; flex-wrap: wrap; gap: .75rem }
figure { margin: 0 } figcaption { font-size: 13px } img { display: block; margin-top: .25rem; background: #000 }
dt { font-family: ui-monospace, monospace } dd { margin: 0 0 .3rem 1.5rem; color: #444 }
`;

/** One file, with its pictures in it: it needs nothing beside it and loads nothing. */
export function asHtml({ title, about, evaluation, samples }: ReportInput): string {
  const tables = groupsOf(evaluation).map((group) => table(evaluation, group));
  const shownNames = new Map(evaluation.summaries.map((summary) => [summary.candidate, shownName(summary)]));
  const figureOf = (picture: NamedPicture): string => figure(picture, shownNames.get(picture.name) ?? picture.name);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${escaped(about)}</p>
<p>Means with 95 % intervals, from resampling fields of view (never frames of one field). Every number names its convention.
${ceilingNote(evaluation.ceilingPsnr)} ${displayOnlyNotes(evaluation.summaries).join(' ')}</p>
${refusals(evaluation)}
${tables.slice(0, 1).join('')}
${evaluation.summaries.some(({ candidate }) => candidate === TRUTH) ? `<p>${escaped(SCENE_STATISTICS_NOTE)}</p>` : ''}
<h2>Pictures</h2>
<p>The middle of the picture, output pixels one to one, all through the same window; below each, its error.
Everything but raw and truth is predicted: look for what is there and not in the truth.</p>
${samples.map(({ pair, pictures }) => `<h3>${escaped(pair)}</h3><div class="pictures">${pictures.map(figureOf).join('')}</div>`).join('\n')}
${tables.length > 1 ? '<h2>By group</h2>' : ''}
${tables.slice(1).join('\n')}
<h2>What the numbers are</h2>
<dl>${Object.entries(SCORE_MEANINGS)
    .map(([name, meaning]) => `<dt>${name}</dt><dd>${escaped(meaning)}</dd>`)
    .join('')}</dl>
</body></html>
`;
}

function groupsOf({ summaries }: Evaluation): string[] {
  return summaries[0]?.groups.map(({ group }) => group) ?? [];
}

function table({ summaries }: Evaluation, group: string): string {
  const header = summaries
    .map((summary) => `<th title="${escaped(summary.description)}">${escaped(shownName(summary))}</th>`)
    .join('');
  const scoresOf = summaries.map(({ groups }) => groups.find((part) => part.group === group)?.scores ?? {});
  const lines = Object.keys(SCORE_MEANINGS)
    .filter((name) => scoresOf.some((scores) => name in scores))
    .map((name) => {
      const cells = scoresOf.map(
        (scores) => `<td>${name in scores ? withInterval(scores[name], name.startsWith('psnr') ? 2 : 3) : ''}</td>`,
      );
      return `<tr><td>${name}</td>${cells.join('')}</tr>`;
    });
  const { fields } = Object.values(scoresOf[0] ?? {})[0] ?? { fields: 0 };
  return `<table><caption>${escaped(group)}: ${fields} fields</caption><tr><th></th>${header}</tr>${lines.join('')}</table>`;
}

function refusals({ refused }: Evaluation): string {
  if (refused.length === 0) return '';
  const items = refused.map(({ pair, because }) => `<li>${escaped(pair)}: ${escaped(because)}</li>`);
  return `<p>Not scored:</p><ul>${items.join('')}</ul>`;
}

function figure({ picture, error }: NamedPicture, name: string): string {
  const below = error ? `<img src="${error}" alt="error of ${escaped(name)}">` : '';
  return `<figure><figcaption>${escaped(name)}</figcaption><img src="${picture}" alt="${escaped(name)}">${below}</figure>`;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
