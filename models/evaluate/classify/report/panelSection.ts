import { escaped } from '../../report/html.ts';
import { ORIGINAL } from '../arms.ts';
import { describeInstrument } from '../degradation.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import { DESIGN_MEANINGS, type Panel, type Row } from '../panel.ts';
import { confidenceChart, curveChart, reliabilityChart } from './charts.ts';
import { cell, difference, nameOf, swatch, type Colours } from './markup.ts';
import { percent, spreadNumber, spreadPercent } from './numbers.ts';
import { verdictOf } from './words.ts';

/** All about one degradation and one family of classifiers. */
export function panelSection(
  panel: Panel,
  i: number,
  { classes, protocol }: DecisionEvaluation,
  colours: Colours,
): string {
  const { rows, design, degradation } = panel;
  const made =
    degradation === 'clean' ? 'Antialiased reduction and nothing else.' : `${describeInstrument(protocol.instrument)}.`;
  const members = [...new Set(rows.flatMap((row) => row.members))];
  const trainings = members.length === 1 ? 'One training' : `${members.length} trainings: ${members.join(', ')}`;
  const curves = rows.map(({ arm, riskCoverage }) => ({
    name: arm,
    colour: colours.get(arm)!,
    points: riskCoverage.map(({ coverage, risk }) => [coverage, risk] as const),
  }));
  const highest = Math.max(...rows.flatMap(({ riskCoverage }) => riskCoverage.map(({ risk }) => risk)), 0.02);
  return `<section><h2 id="panel-${i}">${escaped(nameOf(panel))}</h2>
<p>${escaped(made)} ${escaped(capital(DESIGN_MEANINGS[design]))}. ${escaped(trainings)}.</p>
<div class="verdict"><ul>${verdictOf(panel)
    .map((sentence) => `<li>${escaped(sentence)}</li>`)
    .join('')}</ul></div>
${confidenceChart(rows, colours)}
${figureTable(rows, colours)}
<h3>Calibration</h3><p>Bars: share right among pictures of that confidence; dashed: where they should end; yellow: the error.</p>
<div class="row">${rows.map((row) => reliabilityChart(row, colours.get(row.arm)!)).join('')}</div>
<div class="row"><div><h3>Errors when only the surest are answered</h3>${curveChart(curves, {
    title: 'Risk against coverage',
    xName: 'share of pictures answered, surest first',
    yName: 'share of errors among them',
    yLow: 0,
    yHigh: highest,
    xHigh: 1,
    inPercent: true,
  })}</div>${classTable(rows, classes, colours)}</div>
<h3>What is taken for what</h3><p>Row: truth; column: answer; percent of the row.</p>
<div class="row">${rows.map((row) => confusionTable(row, classes)).join('')}</div></section>`;
}

function figureTable(rows: readonly Row[], colours: Colours): string {
  const restored = rows.filter(({ arm }) => arm !== ORIGINAL);
  const best = Math.max(...restored.map(({ figures }) => figures.accuracy.mean));
  const table = (caption: string, header: readonly string[], cellsOf: (row: Row) => readonly string[]): string => {
    const lines = rows.map((row) => {
      const isBest = row.arm !== ORIGINAL && row.figures.accuracy.mean === best;
      const name = `<td>${swatch(colours.get(row.arm)!)}${escaped(row.arm)}</td>`;
      return `<tr${isBest ? ' class="best"' : ''}>${name}${cellsOf(row).join('')}</tr>`;
    });
    const titles = ['arm', ...header].map((title) => `<th>${title}</th>`).join('');
    return `<table><caption>${caption}</caption><tr>${titles}</tr>${lines.join('')}</table>`;
  };
  const decided = table(
    'What is decided',
    ['accuracy', 'against bicubic', 'against original', 'macro F1', 'against bicubic', 'unsure', 'right when answered'],
    ({ figures, againstBicubic, againstOriginal }) => [
      cell(spreadPercent(figures.accuracy)),
      difference(againstBicubic?.accuracy),
      difference(againstOriginal?.accuracy),
      cell(spreadNumber(figures.macroF1)),
      difference(againstBicubic?.macroF1),
      cell(spreadPercent(figures.unsure)),
      cell(spreadPercent(figures.answeredAccuracy)),
    ],
  );
  const stated = table(
    'How surely, and how rightly so',
    [
      'confidence',
      'over right',
      'when wrong',
      'ECE',
      'against bicubic',
      'adaptive ECE',
      'Brier',
      'NLL',
      'entropy',
      'AURC',
    ],
    ({ figures, intervals, againstBicubic }) => [
      cell(spreadPercent(figures.confidence)),
      difference(intervals.gap),
      cell(percent(figures.overconfidence.mean)),
      cell(spreadNumber(figures.ece)),
      difference(againstBicubic?.ece),
      ...(['adaptiveEce', 'brier', 'nll', 'entropy', 'aurc'] as const).map((name) =>
        cell(figures[name].mean.toFixed(3)),
      ),
    ],
  );
  return `${decided}${stated}
<p><small>Differences are in points (hundredths), with their interval; bold where it does not hold 0.</small></p>`;
}

function classTable(rows: readonly Row[], classes: readonly string[], colours: Colours): string {
  const header = classes.map((name) => `<th>${escaped(name)}</th>`).join('');
  const lines = rows.map(
    ({ arm, classes: figures }) =>
      `<tr><td>${swatch(colours.get(arm)!)}${escaped(arm)}</td>${figures
        .map(({ precision, recall }) => `<td>${percent(precision, 0)} / ${percent(recall, 0)}</td>`)
        .join('')}</tr>`,
  );
  return `<div><h3>Precision / recall by class</h3><table><tr><th></th>${header}</tr>${lines.join('')}</table></div>`;
}

function confusionTable({ arm, confusion }: Row, classes: readonly string[]): string {
  const lines = confusion.map((row, truth) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, answer) => {
      const share = all > 0 ? count / all : 0;
      const [hue, text] = [answer === truth ? '23, 102, 194' : '179, 38, 30', share > 0.6 ? '#fff' : '#1c1c1c'];
      return `<td style="background: rgba(${hue}, ${(share ** 0.7).toFixed(3)}); color: ${text}" title="${count} of ${all}">${all > 0 ? (100 * share).toFixed(0) : ''}</td>`;
    });
    return `<tr><td>${escaped(classes[truth])}</td>${cells.join('')}</tr>`;
  });
  const header = classes.map((name) => `<th class="turned">${escaped(name)}</th>`).join('');
  return `<table class="confusion"><caption>${escaped(arm)}</caption><tr><th></th>${header}</tr>${lines.join('')}</table>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
