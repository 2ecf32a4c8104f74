import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_MODEL, DEFAULT_SETTINGS } from '../../models/enhancer/settings.ts';
import { baselines, modelCandidate, type Candidate } from '../../models/evaluate/candidate.ts';
import { evaluate, TRUTH, type Evaluation, type Sample } from '../../models/evaluate/evaluation.ts';
import { pairsInCsv, pairsInFolder, readPair } from '../../models/evaluate/filePairs.ts';
import type { Pair } from '../../models/evaluate/pair.ts';
import { asCsv } from '../../models/evaluate/report/csv.ts';
import { asHtml, type ReportInput } from '../../models/evaluate/report/html.ts';
import { picturesOf } from '../../models/evaluate/report/picture.ts';
import { asText, shownName } from '../../models/evaluate/report/text.ts';
import { FEATURE_DEFAULTS } from '../../models/evaluate/resolving/features.ts';
import { resolvingTest } from '../../models/evaluate/resolving/resolvingTest.ts';
import { TWO_POINT_DEFAULTS } from '../../models/evaluate/resolving/twoPoint.ts';
import { resolvingText } from '../../models/evaluate/report/resolvingText.ts';
import { simulatedPairs } from '../../models/evaluate/simulatedPairs.ts';
import type { ProviderName } from '../../models/executionProvider.ts';
import { openRegistry } from '../../models/registry.ts';
import { ConfigError } from '../../pipeline/errors.ts';
import type { PresetName } from '../../pipeline/source/simulator/presets.ts';
import { decisionsCommand, type DecisionOptions } from './evaluateDecisions.ts';
import { SHIPPED_ZOO } from './models.ts';
import { progress } from './progress.ts';

/** `scopestream evaluate`: how good are models, against a truth? */

export interface EvaluateOptions extends DecisionOptions {
  /** Models to evaluate; default the shipped one. Bicubic and the best Gaussian are always there. */
  readonly model?: readonly string[];
  /** Folders with more model packages. */
  readonly folders?: readonly string[];
  readonly provider?: ProviderName | 'auto';
  /** Pairs: a folder with two sub-folders, `low` and `high` ... */
  readonly pairs?: string;
  readonly low?: string;
  readonly high?: string;
  /** ... or a CSV file with the columns raw and truth (and field, group) ... */
  readonly csv?: string;
  /** ... or a preset of the simulator, with so many specimens. */
  readonly simulator?: string;
  readonly fields?: number;
  readonly photons?: number;
  readonly seed?: number;
  /** 1 or 2: enlargement asked of simulated pairs. */
  readonly magnification?: 1 | 2;
  readonly halfSample?: boolean;
  /** False: the truth of files is in the units of raw already. */
  readonly fitTruth?: boolean;
  /** Instead of scores on pairs: what separation is resolved, and what is invented, on test objects of the simulator. */
  readonly twoPoint?: boolean;
  /** Instead of scores on pairs: what labelled cells are taken for, from restored pictures (`evaluateDecisions.ts`). */
  readonly classify?: boolean;
  /** Of the two-point and feature tests, at each separation; default 64. */
  readonly trials?: number;
  /** At most so many pairs, spread over all. */
  readonly limit?: number;
  /** Pairs whose pictures go into the report. */
  readonly pictures?: number;
  /** Folder for evaluation.json, evaluation.csv and report.html. */
  readonly out?: string;
  readonly json?: boolean;
}

/** Resolves to 0. Throws ConfigError for options that do not fit together. */
export async function evaluateCommand(options: EvaluateOptions): Promise<number> {
  if (options.classify) return decisionsCommand(options);
  return options.twoPoint ? evaluateResolving(options) : evaluatePairs(options);
}

async function evaluateResolving(options: EvaluateOptions): Promise<number> {
  if (options.pairs ?? options.csv ?? options.simulator) {
    throw new ConfigError('--two-point makes its own test objects: give it without pairs');
  }
  const { trials = TWO_POINT_DEFAULTS.trials, out } = options;
  const models = await openModels(options, 2);
  try {
    const settings = { twoPoint: { ...TWO_POINT_DEFAULTS, trials }, features: { ...FEATURE_DEFAULTS, trials } };
    const result = await resolvingTest(models, settings, (share) => progress(`${Math.floor(100 * share)} %`));
    const json = `${JSON.stringify(result, null, 2)}\n`;
    process.stdout.write(options.json ? json : resolvingText(result));
    if (out !== undefined) {
      await mkdir(out, { recursive: true });
      await writeFile(join(out, 'two-point.json'), json);
    }
    return 0;
  } finally {
    await Promise.all(models.map((model) => model.close()));
  }
}

async function evaluatePairs(options: EvaluateOptions): Promise<number> {
  const pairs = await readPairs(options);
  const { magnification } = pairs[0];
  if (pairs.some((pair) => pair.magnification !== magnification)) {
    throw new ConfigError('the pairs ask for different enlargements: evaluate them apart');
  }
  const candidates = [...baselines(pairs), ...(await openModels(options, magnification))];
  try {
    const samples: ReportInput['samples'][number][] = [];
    const pictured = spread(pairs, options.pictures ?? 3);
    const pictures: Promise<void>[] = [];
    const onPair = (sample: Sample, done: number, of: number): void => {
      progress(`${done} of ${of} pairs`);
      if (options.out !== undefined && pictured.includes(sample.pair)) {
        pictures.push(picturesOf(sample).then((made) => void samples.push({ pair: sample.pair.name, pictures: made })));
      }
    };
    const evaluation = await evaluate(pairs, candidates, { onPair });
    await Promise.all(pictures);
    process.stdout.write(options.json ? asJson(evaluation) : asText(evaluation));
    if (options.out !== undefined) await writeReports(options.out, aboutOf(options, pairs), evaluation, samples);
    return 0;
  } finally {
    await Promise.all(candidates.map((candidate) => candidate.close()));
  }
}

async function readPairs(options: EvaluateOptions): Promise<readonly Pair[]> {
  const { pairs: folder, csv, simulator, limit = Infinity } = options;
  if ([folder, csv, simulator].filter((given) => given !== undefined).length !== 1) {
    throw new ConfigError('give one of --pairs <folder>, --csv <file> and --simulator <preset>');
  }
  if (simulator !== undefined) {
    const { photons, seed, fields = 8, magnification = 2 } = options;
    return simulatedPairs({ preset: simulator as PresetName, photons, seed }, Math.min(fields, limit), magnification);
  }
  const paths =
    folder === undefined ? await pairsInCsv(csv ?? '') : await pairsInFolder(folder, lowOf(options), highOf(options));
  const reading = { halfSample: options.halfSample ?? false, fitTruth: options.fitTruth ?? true };
  const pairs: Pair[] = [];
  for (const pair of spread(paths, limit)) pairs.push(await readPair(pair, reading));
  if (pairs.length === 0) throw new ConfigError('there are no pairs to evaluate');
  return pairs;
}

function lowOf({ low }: EvaluateOptions): string {
  return low ?? 'low';
}

function highOf({ high }: EvaluateOptions): string {
  return high ?? 'high';
}

/** At most `count` of the items, evenly spread. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]);
}

async function openModels(options: EvaluateOptions, magnification: number): Promise<Candidate[]> {
  const registry = await openRegistry([SHIPPED_ZOO, ...(options.folders ?? [])]);
  const settings = { ...DEFAULT_SETTINGS, provider: options.provider ?? 'auto' };
  const opened: Candidate[] = [];
  try {
    for (const id of options.model ?? [DEFAULT_MODEL]) {
      opened.push(await modelCandidate(registry, id, magnification, settings));
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map((candidate) => candidate.close()));
    throw error;
  }
}

async function writeReports(
  folder: string,
  about: string,
  evaluation: Evaluation,
  samples: ReportInput['samples'],
): Promise<void> {
  const names = evaluation.summaries.filter(({ candidate }) => candidate !== TRUTH).map(shownName);
  const title = `Evaluation of ${names.join(', ')}`;
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, 'evaluation.json'), asJson(evaluation)),
    writeFile(join(folder, 'evaluation.csv'), asCsv(evaluation)),
    writeFile(join(folder, 'report.html'), asHtml({ title, about, evaluation, samples })),
  ]);
  process.stderr.write(`report: ${join(folder, 'report.html')}\n`);
}

function aboutOf(options: EvaluateOptions, pairs: readonly Pair[]): string {
  const { raw, truth } = pairs[0];
  const sizes = `${raw.sizeX}x${raw.sizeY} to ${truth.sizeX}x${truth.sizeY} pixels`;
  if (options.simulator !== undefined) {
    const photons = options.photons === undefined ? '' : `, ${options.photons} photo-electrons at a bright structure`;
    return `${pairs.length} frames of the simulator (${options.simulator}${photons}), ${sizes}; the truth is exact.`;
  }
  const source =
    options.pairs === undefined ? options.csv : `${options.pairs}: ${lowOf(options)} to ${highOf(options)}`;
  const sampling = options.halfSample ? '; raw is every second sample of the file' : '';
  const fit = options.fitTruth === false ? '' : '; the truth was fitted to raw in scale and offset';
  return `${pairs.length} pairs, ${source}, ${sizes}${sampling}${fit}.`;
}

function asJson(evaluation: Evaluation): string {
  return `${JSON.stringify(evaluation, null, 2)}\n`;
}
