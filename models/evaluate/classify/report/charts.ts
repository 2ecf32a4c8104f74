import { escaped } from '../../report/html.ts';
import type { CalibrationBin } from '../metrics/calibration.ts';
import type { Row } from '../panel.ts';
import { percent } from './numbers.ts';

/** Charts as SVG, without scripts. */

type Colours = ReadonlyMap<string, string>;

/** A way from values to pixels. */
type Scale = (value: number) => number;

/** Accuracy with its interval, and beside it the mean confidence: one line an arm. */
export function confidenceChart(rows: readonly Row[], colours: Colours): string {
  const [width, left, right, step, top] = [760, 150, 120, 30, 26];
  const height = top + step * rows.length + 26;
  const values = rows.flatMap(({ figures, intervals }) =>
    [figures.confidence.mean, intervals.accuracy.value, intervals.accuracy.low, intervals.accuracy.high].filter(
      Number.isFinite,
    ),
  );
  const low = Math.max(Math.floor(20 * (Math.min(...values) - 0.01)) / 20, 0);
  const x: Scale = (value) => left + ((value - low) / (1 - low)) * (width - left - right);
  const marks = rows.map(({ arm, figures, intervals: { accuracy } }, i) => {
    const y = top + step * (i + 0.5);
    const colour = colours.get(arm)!;
    const confidence = figures.confidence.mean;
    const interval = Number.isNaN(accuracy.low)
      ? ''
      : `<line x1="${px(x(accuracy.low))}" x2="${px(x(accuracy.high))}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="6" stroke-opacity=".3"/>`;
    return `<text x="${left - 12}" y="${y + 4}" text-anchor="end">${escaped(arm)}</text>${interval}
<circle cx="${px(x(accuracy.value))}" cy="${y}" r="5.5" fill="${colour}"/>
<path d="M${px(x(confidence))} ${y - 7}l6 7-6 7-6-7z" fill="#fff" stroke="${colour}" stroke-width="2"/>
<text x="${width - right + 14}" y="${y + 4}" class="number">${percent(accuracy.value)} / ${percent(confidence)}</text>`;
  });
  const key = `<circle cx="${left + 6}" cy="10" r="5" fill="#555"/><text x="${left + 18}" y="14">share right, 95 % interval</text>
<path d="M${left + 206} 3l6 7-6 7-6-7z" fill="#fff" stroke="#555" stroke-width="2"/><text x="${left + 220}" y="14">mean confidence: right of the dot = more confident than right</text>`;
  return svg(
    width,
    height,
    'Accuracy and mean confidence of each arm',
    `${key}${verticalGrid(x, ticks(low, 1, 6), top, height - 22)}${marks.join('')}`,
  );
}

/** Reliability diagrams side by side: bars = share right in a bin of confidence, line = where they should end. */
export function reliabilityChart({ arm, reliability, figures }: Row, colour: string): string {
  const [width, height, left, top, plot] = [196, 242, 34, 26, 150];
  const x: Scale = (value) => left + value * plot;
  const y: Scale = (value) => top + (1 - value) * plot;
  const most = Math.max(...reliability.map(({ count }) => count));
  const bars = reliability
    .filter(({ count }) => count > 0)
    .map((bin) => bar(bin, x, y, colour) + countBar(bin, most, x, top + plot + 38, colour));
  const grid = [0, 0.5, 1].map(
    (value) =>
      `<line x1="${left}" x2="${left + plot}" y1="${y(value)}" y2="${y(value)}" class="grid"/><text x="${left - 5}" y="${y(value) + 4}" text-anchor="end">${value}</text>` +
      `<text x="${x(value)}" y="${top + plot + 15}" text-anchor="middle">${value}</text>`,
  );
  return svg(
    width,
    height,
    `Reliability of ${arm}`,
    `<text x="${left}" y="14" class="title">${escaped(arm)}</text>${grid.join('')}${bars.join('')}
<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="#333" stroke-dasharray="4 3"/>
<text x="${left}" y="${top + plot + 34}" class="number">ECE ${figures.ece.mean.toFixed(3)}</text>
<text x="${left + plot}" y="${top + plot + 34}" text-anchor="end" class="faint">pictures:</text>`,
  );
}

function bar({ low, high, accuracy, confidence, count }: CalibrationBin, x: Scale, y: Scale, colour: string): string {
  const [from, to] = [y(Math.max(accuracy, confidence)), y(Math.min(accuracy, confidence))];
  const at = `x="${px(x(low) + 0.5)}" width="${px(x(high) - x(low) - 1)}"`;
  return (
    `<rect ${at} y="${px(y(accuracy))}" height="${px(y(0) - y(accuracy))}" fill="${colour}" fill-opacity=".8"><title>${count} pictures, ` +
    `confidence ${percent(confidence)}, right ${percent(accuracy)}</title></rect>` +
    `<rect ${at} y="${px(from)}" height="${px(to - from)}" fill="#e8a400" fill-opacity=".35"/>`
  );
}

function countBar({ low, high, count }: CalibrationBin, most: number, x: Scale, top: number, colour: string): string {
  const height = Math.max((24 * count) / most, 0.75);
  return `<rect x="${px(x(low) + 0.5)}" width="${px(x(high) - x(low) - 1)}" y="${px(top + 24 - height)}" height="${px(height)}" fill="${colour}" fill-opacity=".5"/>`;
}

/** Curves of all arms in one plot, with their names at a key. */
export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface PlotSettings {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly yLow: number;
  readonly yHigh: number;
  readonly xHigh: number;
  /** A vertical line and what it means. */
  readonly mark?: { readonly at: number; readonly meaning: string };
  /** Ticks in percent, not as they are. */
  readonly inPercent: boolean;
}

export function curveChart(curves: readonly Curve[], settings: PlotSettings): string {
  const [width, height, left, top, right, bottom] = [520, 300, 52, 14, 150, 42];
  const { yLow, yHigh, xHigh, mark, inPercent } = settings;
  const x: Scale = (value) => left + (value / xHigh) * (width - left - right);
  const y: Scale = (value) => top + ((yHigh - value) / (yHigh - yLow)) * (height - top - bottom);
  const text = (value: number): string => (inPercent ? percent(value, 0) : String(Number(value.toFixed(3))));
  const grid = [
    ...ticks(yLow, yHigh, 5).map(
      (value) =>
        `<line x1="${left}" x2="${width - right}" y1="${px(y(value))}" y2="${px(y(value))}" class="grid"/><text x="${left - 6}" y="${px(y(value) + 4)}" text-anchor="end">${text(value)}</text>`,
    ),
    ...ticks(0, xHigh, 5).map(
      (value) => `<text x="${px(x(value))}" y="${height - bottom + 17}" text-anchor="middle">${text(value)}</text>`,
    ),
  ];
  const lines = curves.map(({ points, colour, name }, i) => {
    const path = points.map(([a, b]) => `${px(x(a))},${px(y(Math.min(Math.max(b, yLow), yHigh)))}`).join(' ');
    const at = top + 10 + 19 * i;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>
<line x1="${width - right + 12}" x2="${width - right + 30}" y1="${at}" y2="${at}" stroke="${colour}" stroke-width="3"/><text x="${width - right + 36}" y="${at + 4}">${escaped(name)}</text>`;
  });
  const marked = mark
    ? `<line x1="${px(x(mark.at))}" x2="${px(x(mark.at))}" y1="${top}" y2="${height - bottom}" stroke="#333" stroke-dasharray="4 3"/><text x="${px(x(mark.at) + 5)}" y="${top + 12}" class="faint">${escaped(mark.meaning)}</text>`
    : '';
  return svg(
    width,
    height,
    settings.title,
    `${grid.join('')}${lines.join('')}${marked}
<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle" class="faint">${escaped(settings.xName)}</text>
<text transform="translate(13 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle" class="faint">${escaped(settings.yName)}</text>`,
  );
}

function verticalGrid(x: Scale, values: readonly number[], top: number, bottom: number): string {
  return values
    .map(
      (value) =>
        `<line x1="${px(x(value))}" x2="${px(x(value))}" y1="${top}" y2="${bottom}" class="grid"/><text x="${px(x(value))}" y="${bottom + 15}" text-anchor="middle">${percent(value, 0)}</text>`,
    )
    .join('');
}

/** About `count` round values from low to high. */
function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((each) => each >= raw * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

function svg(width: number, height: number, title: string, content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">${content}</svg>`;
}

function px(value: number): string {
  return value.toFixed(1);
}
