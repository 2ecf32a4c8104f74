/** Runs candidates over pairs and sums up what came of it. */

import type { Grey } from '../../pipeline/assess/grey.ts';
import { bootstrapMean, type Interval } from './bootstrap.ts';
import { ceilingPsnr } from './ceiling.ts';
import type { Candidate } from './candidate.ts';
import type { Pair } from './pair.ts';
import { LongAverages } from './sceneStatistics/distance.ts';
import { blockFeatures } from './sceneStatistics/features.ts';
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
  /** Trained to please the eye: its pictures are not to be measured on, whatever it scores. */
  readonly displayOnly: boolean;
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
/** The truths themselves, for scores that need no truth to compare with: what a perfect prediction would score. */
export const TRUTH = 'truth';
export const SCENE_STATISTICS = 'nss-distance';
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
  const described: { row: Row; blocks: number[][] }[] = [];
  const refused: { pair: string; because: string }[] = [];
  const ceilings: number[] = [];
  const averages = new LongAverages();
  for (const [i, pair] of pairs.entries()) {
    const predictions: { candidate: string; picture: Grey }[] = [];
    for (const candidate of candidates) {
      predictions.push({ candidate: candidate.id, picture: await candidate.enhance(pair) });
    }
    const because = misregistration(pair, predictions);
    if (because) refused.push({ pair: pair.name, because });
    else {
      if (!pair.truthIsExact) ceilings.push(ceilingPsnr(pair.truth));
      const ofTruth = blockFeatures(pair.truth);
      averages.add(pair.field, ofTruth);
      for (const { candidate, picture } of predictions) {
        const scores = scoresOf(picture, pair.truth, pair.magnification);
        described.push({ row: rowOf(candidate, pair, scores), blocks: blockFeatures(picture) });
      }
      described.push({ row: rowOf(TRUTH, pair, {}), blocks: ofTruth });
    }
    listener.onPair?.({ pair, predictions }, i + 1, pairs.length);
  }
  // Only now are all long averages there. Where there are too few of them the truth has no score, and no row.
  const rows = described
    .map(({ row, blocks }) => withDistance(row, averages.distance(row.field, blocks)))
    .filter(({ scores }) => Object.keys(scores).length > 0);
  const truth = { id: TRUTH, description: 'the long averages themselves', displayOnly: false };
  const shown = rows.some(({ candidate }) => candidate === TRUTH) ? [...candidates, truth] : candidates;
  return {
    rows,
    summaries: shown.map((candidate) => summaryOf(candidate, rows)),
    ceilingPsnr: ceilings.length > 0 ? ceilings.reduce((sum, value) => sum + value, 0) / ceilings.length : undefined,
    refused,
  };
}

function rowOf(candidate: string, { name, field, group }: Pair, scores: Scores): Row {
  return { candidate, pair: name, field, group, scores };
}

function withDistance(row: Row, distance: number | undefined): Row {
  return distance === undefined ? row : { ...row, scores: { ...row.scores, [SCENE_STATISTICS]: distance } };
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

type Named = Pick<Candidate, 'id' | 'description' | 'displayOnly'>;

function summaryOf({ id, description, displayOnly }: Named, rows: readonly Row[]): Summary {
  const own = rows.filter(({ candidate }) => candidate === id);
  const groups = [...new Set(own.map(({ group }) => group))].sort();
  const parts = groups.length > 1 ? [ALL, ...groups] : [ALL];
  return {
    candidate: id,
    description,
    displayOnly,
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
  // A picture of another size, or of nothing, may lack one of the scores.
  const names = [...new Set(rows.flatMap(({ scores }) => Object.keys(scores)))];
  return Object.fromEntries(
    names.map((name) => {
      const having = rows.filter(({ scores }) => name in scores);
      return [name, bootstrapMean(having.map(({ field, scores }) => ({ field, value: scores[name] })))];
    }),
  );
}
