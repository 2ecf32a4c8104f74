import { BICUBIC, ORIGINAL } from '../arms.ts';
import { BLANK_PASS, type BlankResult } from '../blankTest.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import { isBeyondChance, type Estimate } from '../pairedBootstrap.ts';
import type { Panel, Row } from '../panel.ts';
import { percent, points, spreadPercent } from './numbers.ts';

/** What came out, in plain sentences. */

/** Surpluses of confidence that are smaller than this are not worth a word, however certain. */
const LEAST_SURPLUS = 0.005;

/** A mean confidence from which pictures without a cell would be taken for cells. */
const NOTABLE_CONFIDENCE = 0.6;

/** Which arm wins, whether networks are more confident than right, and what they changed. */
export function verdictOf({ design, rows }: Panel): string[] {
  const bicubic = rows.find(({ arm }) => arm === BICUBIC);
  const original = rows.find(({ arm }) => arm === ORIGINAL);
  const networks = rows.filter(({ kind }) => kind === 'fidelity' || kind === 'gan');
  return [
    ...(bicubic ? [winner(rows, bicubic, original)] : []),
    ...networks.map((row) => confidenceOf(row)),
    ...networks.filter(({ flips }) => flips).map((row) => flipsOf(row)),
    ...rows.filter((row) => beatsOriginal(row)).map((row) => addedTexture(row, design)),
  ];
}

function winner(rows: readonly Row[], bicubic: Row, original: Row | undefined): string {
  const restored = rows.filter(({ arm }) => arm !== ORIGINAL);
  const ceiling = original ? `; the original has ${spreadPercent(original.figures.accuracy)}` : '';
  const floor = `bicubic has ${spreadPercent(bicubic.figures.accuracy)}${ceiling}`;
  const winners = restored.filter(({ againstBicubic }) => againstBicubic && againstBicubic.accuracy.low > 0);
  if (winners.length === 0) {
    const ahead = mostRight(restored);
    const none = 'No arm is better than bicubic beyond chance.';
    if (ahead.figures.accuracy.mean <= bicubic.figures.accuracy.mean) return `${none} ${capital(floor)}.`;
    return `${none} ${ahead.arm} is ahead with ${spreadPercent(ahead.figures.accuracy)}; ${floor}.`;
  }
  const best = mostRight(winners);
  const others = winners.filter((row) => row !== best).map(({ arm }) => arm);
  const are = others.length > 1 ? 'are' : 'is';
  const also = others.length > 0 ? ` ${list(others)} ${are} better than bicubic beyond chance too.` : '';
  return (
    `${best.arm} wins with ${spreadPercent(best.figures.accuracy)}: ${points(best.againstBicubic!.accuracy)} points ` +
    `against bicubic, beyond chance; ${floor}.${also}`
  );
}

export function mostRight(rows: readonly Row[]): Row {
  return rows.reduce((a, b) => (b.figures.accuracy.mean > a.figures.accuracy.mean ? b : a));
}

function confidenceOf({ arm, kind, figures, intervals: { gap }, againstBicubic }: Row): string {
  const name = kind === 'gan' ? `${arm} (adversarial)` : `${arm} (fidelity)`;
  const facts = `mean confidence ${percent(figures.confidence.mean)} against ${percent(figures.accuracy.mean)} right, ${points(gap)} points`;
  const versus = againstBicubic ? `; ${versusBicubic(againstBicubic.gap)}` : '';
  return `${name} ${isRightlySure(gap)}: ${facts}${versus}.`;
}

function isRightlySure(gap: Estimate): string {
  if (Math.abs(gap.value) < LEAST_SURPLUS) return 'is as confident as it is right';
  if (!isBeyondChance(gap)) return 'is neither more nor less confident than right beyond chance';
  return gap.value > 0 ? 'is more confident than right' : 'is less confident than right';
}

function versusBicubic(change: Estimate): string {
  if (!isBeyondChance(change) || Math.abs(change.value) < LEAST_SURPLUS) {
    return 'against bicubic that difference does not change beyond chance';
  }
  return `against bicubic it shifts towards ${change.value > 0 ? 'over' : 'under'}confidence by ${points(change)} points`;
}

function flipsOf({ arm, flips }: Row): string {
  const { corrected, spoiled, exchanged, emboldened } = flips!;
  const all = corrected + spoiled + exchanged;
  const sure = emboldened > 0 ? ` A further ${percent(emboldened)} became sure without changing class.` : '';
  return (
    `${arm} changed the answer to ${percent(all)} of pictures against bicubic: ${percent(corrected)} from wrong to ` +
    `right, ${percent(spoiled)} from right to wrong, ${percent(exchanged)} from one wrong class to another.${sure}`
  );
}

function beatsOriginal({ againstOriginal }: Row): boolean {
  return againstOriginal !== undefined && againstOriginal.accuracy.low > 0;
}

function addedTexture({ arm, againstOriginal }: Row, design: Panel['design']): string {
  const difference = points(againstOriginal!.accuracy);
  const why =
    design === 'fixed'
      ? 'It cannot hold more of the cell than the original does: what helps is what it added, which is typical of a class, or noise of the originals that it took away.'
      : 'Each arm has a classifier of its own here, so this is chance of training or texture that separates classes, not more of the cell.';
  return `${arm} is better than the original by ${difference} points. ${why}`;
}

/** How the arms and the classifiers did without a cell. */
export function blankVerdict({ blank, conditions, classes }: DecisionEvaluation): string[] {
  return [...new Set(blank.map(({ family }) => family))].map((family) => {
    const own = blank.filter((result) => result.family === family);
    const failed = own.filter(({ passed }) => !passed);
    if (failed.length === 0) {
      const refused = `at least ${percent(BLANK_PASS, 0)} of the pictures without a cell were refused, whatever the arm`;
      return `${family}: passed; ${refused}.${surestOf(own, classes)}`;
    }
    const worst = failed.reduce((a, b) => (b.refused < a.refused ? b : a));
    const invented = failed.filter(({ condition, blank: kind }) => {
      const { arm, degradation } = conditions.find(({ id }) => id === condition)!;
      const bicubic = own.find((each) => each.condition === `${BICUBIC}, ${degradation}` && each.blank === kind);
      return arm !== BICUBIC && bicubic?.passed;
    });
    const by =
      invented.length > 0
        ? ` ${list([...new Set(invented.map(({ condition }) => condition))])} led to named cells where bicubic did not: made by the enhancement.`
        : ' No arm failed where bicubic passed.';
    return (
      `${family}: not passed in ${failed.length} of ${own.length} cases. At worst (${worst.condition}; ${worst.blank}) only ` +
      `${percent(worst.refused)} were refused, at a mean confidence of ${percent(worst.confidence)}.${by}`
    );
  });
}

/** What the probabilities would have said without the refusal, where that is worth knowing. */
function surestOf(results: readonly BlankResult[], classes: readonly string[]): string {
  const { confidence, histogram, condition, blank } = results.reduce((a, b) => (b.confidence > a.confidence ? b : a));
  if (confidence < NOTABLE_CONFIDENCE) return '';
  const name = classes[histogram.indexOf(Math.max(...histogram))];
  return (
    ` That is not the probabilities’ merit: by them alone the pictures would be named, at most as ${name} with a mean ` +
    `confidence of ${percent(confidence)} (${condition}; ${blank}). It is mostly their energy that is unlike a cell’s.`
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
