import type { Threshold } from '../resolving/logistic.ts';
import type { ResolvingResult } from '../resolving/resolvingTest.ts';
import { displayOnlyNotes, shownName } from './text.ts';

/** Tables for the terminal. Lengths in nanometre. */
export function resolvingText(result: ResolvingResult): string {
  const { sigma, pixelSize, displayOnly, twoPoint, features, emptyField } = result;
  const name = (candidate: string): string => shownName({ candidate, displayOnly: displayOnly.includes(candidate) });
  const points = [
    ['two points', 'e- a point', 'around', 'd50 (nm)', 'd90 (nm)', 'false splits', 'width of one (nm)'],
    ...twoPoint.map(({ candidate, photons, embedded, d50, d90, falseSplits, widthAtHalf }) => [
      name(candidate),
      `${photons}`,
      embedded ? 'cell' : 'nothing',
      nanometres(d50),
      nanometres(d90),
      percent(falseSplits),
      (1000 * widthAtHalf).toFixed(0),
    ]),
  ];
  const threads = [
    [
      'threads',
      'e- a pixel',
      'gap shown (nm)',
      'invented fission',
      'missed fission',
      'two told apart (nm)',
      'invented threads',
    ],
    ...features.map(({ candidate, photons, gap, crossing }) => [
      name(candidate),
      `${photons}`,
      nanometres(gap.g50),
      percent(gap.inventedFission),
      percent(gap.missedFission),
      nanometres(crossing.d50),
      percent(crossing.inventedThreads),
    ]),
  ];
  const nothing = [
    ['empty field', 'e- a pixel', 'shown as a structure'],
    ...emptyField.map(({ candidate, photons, invented }) => [name(candidate), `${photons}`, percent(invented)]),
  ];
  const about = [
    `Image of a point: sigma ${nm(sigma)} nm, raw pixel ${nm(pixelSize)} nm; Rayleigh's distance ${nm(2.8 * sigma)} nm.`,
    'd50, d90: separation at which half, and nine tenths, of the pairs are shown as two, with 95 % intervals.',
    'The width of a single point is beside it because it says something else: it shrinks without telling points apart.',
    ...displayOnlyNotes(displayOnly.map(() => ({ displayOnly: true }))),
  ];
  return `${[...about, '', ...aligned(points), '', ...aligned(threads), '', ...aligned(nothing)].join('\n')}\n`;
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

function nanometres({ value, low, high }: Threshold): string {
  if (value === undefined || low === undefined || high === undefined) return 'not within range';
  return `${nm(value)} [${nm(low)}, ${Number.isFinite(high) ? nm(high) : 'beyond'}]`;
}

function nm(micrometre: number): string {
  return (1000 * micrometre).toFixed(0);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
