import type { DecisionEvaluation } from '../evaluation.ts';
import type { Panel } from '../panel.ts';
import { percent, points, spreadNumber, spreadPercent } from './numbers.ts';
import { blankVerdict, verdictOf } from './words.ts';

/** Tables and sentences for the terminal. */
export function asText(evaluation: DecisionEvaluation): string {
  const { panels, likeness, skipped } = evaluation;
  const alike = [
    ['likeness to the original', 'PSNR (dB)', 'SSIM', 'FRC measured', 'FRC beyond'],
    ...likeness.map(({ condition, psnr, ssim, frc }) => [
      condition,
      psnr.toFixed(2),
      ssim.toFixed(3),
      frc.measured.toFixed(3),
      frc.beyond.toFixed(3),
    ]),
  ];
  const parts = [
    ...panels.map((panel) => [...aligned(tableOf(panel)), '', ...verdictOf(panel)].join('\n')),
    aligned(alike).join('\n'),
    ['Pictures without a cell', ...blankVerdict(evaluation)].join('\n'),
    ...skipped.map(({ cell, problem }) => `not read: ${cell}: ${problem}`),
  ];
  return `${parts.join('\n\n')}\n`;
}

function tableOf({ design, family, degradation, rows }: Panel): string[][] {
  const title = `${family}, ${degradation}${design === 'per arm' ? ', per arm' : ''}`;
  const header = [title, 'accuracy', 'against bicubic', 'macro F1', 'confidence', 'surplus', 'ECE', 'unsure'];
  const lines = rows.map(({ arm, figures, intervals, againstBicubic }) => [
    arm,
    spreadPercent(figures.accuracy),
    againstBicubic ? points(againstBicubic.accuracy) : '',
    spreadNumber(figures.macroF1),
    percent(figures.confidence.mean),
    points(intervals.gap),
    spreadNumber(figures.ece),
    percent(figures.unsure.mean),
  ]);
  return [header, ...lines];
}

function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line
      .map((text, i) => text.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
}
