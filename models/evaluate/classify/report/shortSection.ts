import { escaped } from '../../report/html.ts';
import { BICUBIC, ORIGINAL } from '../arms.ts';
import type { Panel } from '../panel.ts';
import { difference, nameOf } from './markup.ts';
import { points, spreadPercent } from './numbers.ts';
import { mostRight } from './words.ts';

/** A line for each table below. */
export function shortSection(panels: readonly Panel[]): string {
  const lines = panels.map((panel, i) => {
    const { rows } = panel;
    const bicubic = rows.find(({ arm }) => arm === BICUBIC);
    const original = rows.find(({ arm }) => arm === ORIGINAL);
    const restored = rows.filter(({ arm }) => arm !== ORIGINAL);
    if (restored.length === 0) return '';
    const best = mostRight(restored);
    const adversarial = rows.filter(({ kind }) => kind === 'gan');
    const surplus = adversarial.map(({ arm, intervals }) => `${escaped(arm)} ${points(intervals.gap)}`).join('<br>');
    return `<tr><td><a href="#panel-${i}">${escaped(nameOf(panel))}</a></td>${[original, bicubic, best]
      .map((row) => `<td>${row ? spreadPercent(row.figures.accuracy) : ''}</td>`)
      .join('')}<td>${escaped(best.arm)}</td>${difference(best.againstBicubic?.accuracy)}<td>${surplus}</td></tr>`;
  });
  const header = [
    '',
    'original',
    'bicubic',
    'best arm',
    '',
    'against bicubic',
    'confidence over right, adversarial arms',
  ];
  return `<table><caption>In short: accuracy</caption><tr>${header.map((name) => `<th>${name}</th>`).join('')}</tr>${lines.join('')}</table>`;
}
