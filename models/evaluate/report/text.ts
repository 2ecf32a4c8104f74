import { SCENE_STATISTICS, type Evaluation, type Summary } from '../evaluation.ts';
import type { Interval } from '../bootstrap.ts';

const COLUMNS = [
  'psnr/si-psnr',
  'psnr/range',
  'ssim/range',
  'psnr/basicsr-u8',
  'frc/fine',
  'frc/beyond',
  'flux/slope',
  SCENE_STATISTICS,
];

/** A table for the terminal: one line a candidate and group. */
export function asText({ summaries, ceilingPsnr, refused }: Evaluation): string {
  const header = ['', 'group', ...COLUMNS, 'dB above best gaussian'];
  const lines = summaries.flatMap((summary) =>
    summary.groups.map(({ group, scores }, i) => [
      i === 0 ? shownName(summary) : '',
      group,
      ...COLUMNS.map((name) => cell(scores[name])),
      i === 0 ? difference(summary) : '',
    ]),
  );
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const table = [header, ...lines].map((line) =>
    line
      .map((text, i) => text.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  const notes = [
    ceilingNote(ceilingPsnr),
    ...displayOnlyNotes(summaries),
    ...refused.map(({ pair, because }) => `not scored: ${pair}: ${because}`),
  ];
  return `${[...table, '', ...notes].join('\n')}\n`;
}

/** What a table calls a candidate. */
export function shownName({ candidate, displayOnly }: Pick<Summary, 'candidate' | 'displayOnly'>): string {
  return displayOnly ? `${candidate} (display only)` : candidate;
}

/** Empty where no candidate is for display only. */
export function displayOnlyNotes(summaries: readonly Pick<Summary, 'displayOnly'>[]): string[] {
  if (!summaries.some(({ displayOnly }) => displayOnly)) return [];
  return [
    'Display only: trained to look right, so part of what it shows is invented; measure on none of its pictures.',
  ];
}

export function ceilingNote(ceilingPsnr: number | undefined): string {
  if (ceilingPsnr === undefined) return 'The truth is exact: there is no ceiling.';
  return `Ceiling: a perfect prediction would score about ${ceilingPsnr.toFixed(1)} dB (psnr/range), because the truth has noise too.`;
}

/** `31.2 [30.8, 31.7]`: mean and 95 % interval over fields. */
export function withInterval({ mean, low, high }: Interval, decimals = 2): string {
  const [value, from, to] = [mean, low, high].map((number) => number.toFixed(decimals));
  return Number.isNaN(low) ? value : `${value} [${from}, ${to}]`;
}

function cell(interval: Interval | undefined): string {
  return interval ? interval.mean.toFixed(3) : '-';
}

function difference({ aboveGaussian }: Summary): string {
  return Number.isNaN(aboveGaussian.mean) ? '-' : withInterval(aboveGaussian);
}
