/** Runs candidates over pairs and sums up what came of it. */

import type { Grey } from '../../pipeline/assess/grey.ts';
import { bootstrapMean, type Interval } from './bootstrap.ts';
import { ceilingPsnr } from './ceiling.ts';
import type { Candidate } from './candidate.ts';
import type { Pair } from './pair.ts';
import { scoresOf, shiftTo, type Scores } from './score.ts';

export interface Row {
  readonly candidate: string;
  readonly pair: string;
  readonly field: string;
  readonly group: string;
  readonly scores: Scores;
}

export interface Summary {
  readonly candidate: string;
  readonly description: string;
  /** All pairs, then each group. */
  readonly groups: readonly { readonly group: string; readonly scores: Readonly<Record<string, Interval>> }[];
  /** SI-PSNR above the best Gaussian, pair by pair, dB. */
  readonly aboveGaussian: Interval;
}

export interface Evaluation {
  readonly rows: readonly Row[];
  readonly summaries: readonly Summary[];
  /** Mean PSNR (`range`) that a perfect prediction could score; absent where the truth is exact. */
  readonly ceilingPsnr?: number;
  /** Pairs that are not registered, with their shift: not scored. */
  readonly refused: readonly { readonly pair: string; readonly because: string }[];
}

/** Pictures of one pair, for the report. */
export interface Sample {
  readonly pair: Pair;
  readonly predictions: readonly { readonly candidate: string; readonly picture: Grey }[];
}

export interface EvaluationListener {
  /** A pair is done. Must not throw. */
  onPair?(sample: Sample, done: number, of: number): void;
}

export const BEST_GAUSSIAN = 'best gaussian';
const ALL = 'all';
/** Raw pixels between raw and truth beyond which a pair is refused. */
const LARGEST_SHIFT = 1;
/** Below this (highest peak over the next one) a shift cannot be told. */
const LEAST_CONFIDENCE = 1.3;

export async function evaluate(
  pairs: readonly Pair[],
  candidates: readonly Candidate[],
  listener: EvaluationListener = {},
): Promise<Evaluation> {
  const rows: Row[] = [];
  const refused: { pair: string; because: string }[] = [];
  const ceilings: number[] = [];
  for (const [i, pair] of pairs.entries()) {
    const predictions: { candidate: string; picture: Grey }[] = [];
    for (const candidate of candidates) {
      predictions.push({ candidate: candidate.id, picture: await candidate.enhance(pair) });
    }
    const because = misregistration(pair, predictions);
    if (because) refused.push({ pair: pair.name, because });
    else {
      if (!pair.truthIsExact) ceilings.push(ceilingPsnr(pair.truth));
      rows.push(...predictions.map(({ candidate, picture }) => rowOf(candidate, picture, pair)));
    }
    listener.onPair?.({ pair, predictions }, i + 1, pairs.length);
  }
  return {
    rows,
    summaries: candidates.map((candidate) => summaryOf(candidate, rows)),
    ceilingPsnr: ceilings.length > 0 ? ceilings.reduce((sum, value) => sum + value, 0) / ceilings.length : undefined,
    refused,
  };
}

function rowOf(candidate: string, picture: Grey, pair: Pair): Row {
  const { name, field, group, truth, magnification } = pair;
  return { candidate, pair: name, field, group, scores: scoresOf(picture, truth, magnification) };
}

/** The smoothed raw frame shows best where raw and truth lie against each other. */
function misregistration(pair: Pair, predictions: Sample['predictions']): string | undefined {
  const smoothed = predictions.find(({ candidate }) => candidate === BEST_GAUSSIAN);
  if (!smoothed) return undefined;
  const shift = shiftTo(pair.truth, smoothed.picture);
  if (shift.confidence < LEAST_CONFIDENCE) return undefined;
  const pixels = Math.hypot(shift.x, shift.y) / pair.magnification;
  return pixels > LARGEST_SHIFT ? `raw and truth lie ${pixels.toFixed(1)} raw pixels apart` : undefined;
}

function summaryOf({ id, description }: Candidate, rows: readonly Row[]): Summary {
  const own = rows.filter(({ candidate }) => candidate === id);
  const groups = [...new Set(own.map(({ group }) => group))].sort();
  const parts = groups.length > 1 ? [ALL, ...groups] : [ALL];
  return {
    candidate: id,
    description,
    groups: parts.map((group) => ({
      group,
      scores: intervals(own.filter((row) => group === ALL || row.group === group)),
    })),
    aboveGaussian: bootstrapMean(
      own.map((row) => ({ field: row.field, value: headline(row) - headline(gaussianRow(row, rows)) })),
    ),
  };
}

function gaussianRow(row: Row, rows: readonly Row[]): Row | undefined {
  return rows.find(({ candidate, pair }) => candidate === BEST_GAUSSIAN && pair === row.pair);
}

function headline(row: Row | undefined): number {
  return row?.scores['psnr/si-psnr'] ?? NaN;
}

function intervals(rows: readonly Row[]): Record<string, Interval> {
  const names = Object.keys(rows[0]?.scores ?? {});
  return Object.fromEntries(
    names.map((name) => [name, bootstrapMean(rows.map(({ field, scores }) => ({ field, value: scores[name] })))]),
  );
}
