import { escaped, STYLE } from '../../report/html.ts';
import { BICUBIC, ORIGINAL } from '../arms.ts';
import { BLANK_MEANINGS } from '../blankCells.ts';
import { BLANK_PASS } from '../blankTest.ts';
import { describeInstrument } from '../degradation.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import type { Example } from '../examples.ts';
import { FLIP_KINDS, FLIP_MEANINGS } from '../flips.ts';
import { FIGURE_MEANINGS } from '../metrics/figures.ts';
import { isBeyondChance, type Estimate } from '../pairedBootstrap.ts';
import { DESIGN_MEANINGS, type Panel, type Row } from '../panel.ts';
import { armColours } from './armColour.ts';
import { confidenceChart, curveChart, reliabilityChart } from './charts.ts';
import { percent, points, spreadNumber, spreadPercent } from './numbers.ts';
import { OWN_DATA_CAVEAT, PUBLISHED } from './published.ts';
import { blankVerdict, verdictOf } from './words.ts';

export interface DecisionReport {
  readonly title: string;
  /** Where the pictures came from. */
  readonly about: string;
  readonly evaluation: DecisionEvaluation;
  readonly examples: readonly Example[];
}

type Colours = ReadonlyMap<string, string>;

const DECISION_STYLE = `
${STYLE}
h2 { margin: 2.6rem 0 .4rem; padding-top: 1rem; border-top: 2px solid #1c1c1c } h3 { margin: 1.6rem 0 .4rem }
p, li { max-width: 70ch } ul { padding-left: 1.2rem } nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 1rem 0 }
a { color: #1766c2 } .verdict { background: #f4f5f7; border-left: 4px solid #1c1c1c; padding: .6rem 1rem; margin: .8rem 0 }
.verdict ul { margin: .2rem 0 } .faint, small { fill: #666; color: #666 } svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif }
svg .grid { stroke: #e2e2e2 } svg .title { font-weight: 600; font-size: 13px } svg .number { font-variant-numeric: tabular-nums }
.row { display: flex; flex-wrap: wrap; gap: .8rem 1.6rem; align-items: flex-start; margin: .8rem 0 }
.swatch { display: inline-block; width: .75em; height: .75em; border-radius: 2px; margin-right: .45em }
td.sure { font-weight: 600 } .best td:first-child { font-weight: 600 } .pass { color: #146c2e } .fail { color: #b3261e; font-weight: 600 }
.confusion td { text-align: right; min-width: 2.4rem; border: 1px solid #fff } .confusion td:first-child { border: 0 }
.confusion th { font-weight: 500; font-size: 13px } .confusion th.turned { writing-mode: vertical-rl; text-align: left; padding: .3rem 0 }
.example { margin: 0 0 1.3rem } .example figure { width: 128px } .example figcaption { line-height: 1.35 } .example img { border-radius: 3px; background: #eee }
.studies td { white-space: normal; text-align: left; vertical-align: top; min-width: 11rem } .studies th { text-align: left }
@media print { nav { display: none } h2 { break-before: auto } svg, table, figure { break-inside: avoid } }
`;

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

function nameOf({ design, family, degradation }: Panel): string {
  return `${family}, ${degradation}${design === 'per arm' ? ', a classifier per arm' : ''}`;
}

function panelSection(panel: Panel, i: number, { classes, protocol }: DecisionEvaluation, colours: Colours): string {
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
  const header = [
    'arm', 'accuracy', 'against bicubic', 'against original', 'macro F1', 'confidence', 'surplus over right', 'wrong answers’ confidence',
    'ECE', 'adaptive ECE', 'Brier', 'NLL', 'entropy', 'AURC', 'unsure', 'right when answered',
  ]; // prettier-ignore
  const lines = rows.map(({ arm, figures, intervals, againstBicubic, againstOriginal }) => {
    const cells = [
      `<td>${spreadPercent(figures.accuracy)}</td>`,
      difference(againstBicubic?.accuracy),
      difference(againstOriginal?.accuracy),
      `<td>${spreadNumber(figures.macroF1)}</td>`,
      `<td>${spreadPercent(figures.confidence)}</td>`,
      difference(intervals.gap),
      `<td>${spreadPercent(figures.overconfidence)}</td>`,
      ...(['ece', 'adaptiveEce', 'brier', 'nll', 'entropy', 'aurc'] as const).map(
        (name) => `<td>${spreadNumber(figures[name])}</td>`,
      ),
      `<td>${spreadPercent(figures.unsure)}</td>`,
      `<td>${spreadPercent(figures.answeredAccuracy)}</td>`,
    ];
    const isBest = arm !== ORIGINAL && figures.accuracy.mean === best;
    return `<tr${isBest ? ' class="best"' : ''}><td>${swatch(colours.get(arm)!)}${escaped(arm)}</td>${cells.join('')}</tr>`;
  });
  return `<table><tr>${header.map((name) => `<th>${name}</th>`).join('')}</tr>${lines.join('')}</table>
<p><small>Differences in points with their interval; bold: the interval does not hold 0. Differences of macro F1, confidence and ECE are in the JSON file.</small></p>`;
}

function difference(estimate: Estimate | undefined): string {
  if (!estimate) return '<td></td>';
  return `<td${isBeyondChance(estimate) ? ' class="sure"' : ''}>${points(estimate)}</td>`;
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

function exampleSection({ panels, classes }: DecisionEvaluation, examples: readonly Example[]): string {
  const rows = panels.flatMap((panel) => panel.rows.filter(({ flips }) => flips).map((row) => ({ panel, row })));
  const lines = rows.map(
    ({ panel, row }) =>
      `<tr><td>${escaped(`${row.arm}: ${nameOf(panel)}`)}</td>${FLIP_KINDS.map((kind) => `<td>${percent(row.flips![kind])}</td>`).join('')}</tr>`,
  );
  const shown = examples.map(({ cell, label, flip, by, views }) => {
    const figures = views.map(({ condition, picture, answer }) => {
      const said = answer.unsure ? `unsure (${classes[answer.predicted]})` : classes[answer.predicted];
      const right = classes[answer.predicted] === label;
      return `<figure><img src="${picture}" width="128" height="128" alt="${escaped(condition.arm)}"><figcaption>${escaped(condition.arm)}<br>
<span class="${right ? 'pass' : 'fail'}">${right ? '✓' : '✗'} ${escaped(said)}</span> ${percent(answer.confidence, 0)}</figcaption></figure>`;
    });
    return `<div class="example"><h3>${escaped(cell)}: ${escaped(label)}; ${flip} by ${escaped(by)}</h3><div class="pictures">${figures.join('')}</div></div>`;
  });
  return `<section><h2 id="examples">Changed answers</h2>
<p>Pictures that are named differently in an arm than from bicubic: there the enhancement, rather than the cell, made the decision.
${FLIP_KINDS.map((kind) => `<b>${kind}</b>: ${escaped(FLIP_MEANINGS[kind])}`).join('; ')}.</p>
<table><tr><th>share of pictures</th>${FLIP_KINDS.map((kind) => `<th>${kind}</th>`).join('')}</tr>${lines.join('')}</table>
${shown.join('\n')}</section>`;
}

function blankSection(evaluation: DecisionEvaluation): string {
  const { blank, classes, conditions } = evaluation;
  const tables = [...new Set(blank.map(({ family }) => family))].map((family) => {
    const lines = blank
      .filter((result) => result.family === family)
      .map(
        ({ blank: kind, condition, histogram, evenness, confidence, refused, passed, count }) =>
          `<tr><td>${kind}</td><td>${escaped(condition)}</td>${histogram.map((share) => `<td>${percent(share, 0)}</td>`).join('')}<td>${evenness.toFixed(2)}</td><td>${percent(confidence)}</td><td>${percent(refused)}</td><td>${count}</td><td class="${passed ? 'pass' : 'fail'}">${passed ? 'passed' : 'not passed'}</td></tr>`,
      );
    return `<table><caption>${escaped(family)}</caption><tr><th>picture</th><th>arm</th>${classes.map((name) => `<th>${escaped(name)}</th>`).join('')}<th>evenness</th><th>confidence</th><th>refused</th><th>answers</th><th></th></tr>${lines.join('')}</table>`;
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

function likenessSection({ likeness, conditions, protocol }: DecisionEvaluation, colours: Colours): string {
  const lines = likeness.map(
    ({ condition, psnr, ssim, frc }) =>
      `<tr><td>${escaped(condition)}</td><td>${psnr.toFixed(2)}</td><td>${ssim.toFixed(3)}</td><td>${frc.measured.toFixed(3)}</td><td>${frc.beyond.toFixed(3)}</td></tr>`,
  );
  const charts = protocol.degradations.map((degradation) => {
    const shown = conditions
      .slice(1)
      .flatMap(({ arm, degradation: own }, i) => (own === degradation ? [{ arm, ...likeness[i] }] : []));
    const curves = shown.map(({ arm, curve }) => ({
      name: arm,
      colour: colours.get(arm)!,
      points: curve.slice(1).map((value, r) => [(r + 1) / (2 * (curve.length - 1)), value] as const),
    }));
    return `<div><h3>${degradation}</h3>${curveChart(curves, {
      title: `Fourier ring correlation with the original, ${degradation}`,
      xName: 'cycles per pixel of the original',
      yName: 'correlation with the original',
      yLow: 0,
      yHigh: 1,
      xHigh: 0.5,
      mark: { at: 0.125, meaning: 'limit of the low picture' },
      inPercent: false,
    })}</div>`;
  });
  return `<section><h2 id="likeness">Likeness to the original</h2>
<p>Beside the decisions and not instead of them: an arm may look better and lead to more errors, or worse and to fewer. Beyond the limit of the low picture nothing
was measured; what correlates there was predicted rightly, and the rest of an arm’s detail there is invention.</p>
<table><tr><th>arm</th><th>PSNR, dB (RGB)</th><th>SSIM (luma)</th><th>FRC, measured band</th><th>FRC, beyond</th></tr>${lines.join('')}</table>
<div class="row">${charts.join('')}</div></section>`;
}

function publishedSection(): string {
  const rows = PUBLISHED.map(
    ({ name, data, arms, results, differences }) =>
      `<tr>${[name, data, arms, results, differences].map((text) => `<td>${escaped(text)}</td>`).join('')}</tr>`,
  );
  return `<section><h2 id="published">Published figures, and what differs</h2>
<table class="studies"><tr>${['study', 'pictures', 'arms and classifiers', 'results', 'what differs'].map((name) => `<th>${name}</th>`).join('')}</tr>${rows.join('')}</table>
<p>${escaped(OWN_DATA_CAVEAT)}</p></section>`;
}

function meaningsSection({ arms, judges, protocol }: DecisionEvaluation): string {
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

function swatch(colour: string): string {
  return `<span class="swatch" style="background: ${colour}"></span>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
