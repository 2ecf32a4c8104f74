import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CLASSICAL_ARMS, networkArm, type Arm } from '../../models/evaluate/classify/arms.ts';
import type { Judge } from '../../models/evaluate/classify/ask.ts';
import { cellsInFields, cellsInFolder, type Cell } from '../../models/evaluate/classify/cells.ts';
import { familyOf, openClassifier } from '../../models/evaluate/classify/classifier.ts';
import {
  DEGRADATION_NAMES,
  INSTRUMENT_DEFAULTS,
  type InstrumentSettings,
} from '../../models/evaluate/classify/degradation.ts';
import { evaluateDecisions, spread } from '../../models/evaluate/classify/evaluation.ts';
import { examplesOf } from '../../models/evaluate/classify/examples.ts';
import { Networks } from '../../models/evaluate/classify/networks.ts';
import { packagesNamed, readEnlargingPackage, readNamingPackage } from '../../models/evaluate/classify/packages.ts';
import type { Protocol } from '../../models/evaluate/classify/protocol.ts';
import { asCsv } from '../../models/evaluate/classify/report/csv.ts';
import { asHtml } from '../../models/evaluate/classify/report/html.ts';
import { asJson } from '../../models/evaluate/classify/report/json.ts';
import { asText } from '../../models/evaluate/classify/report/text.ts';
import { ConfigError, messageOf } from '../../pipeline/errors.ts';
import { SHIPPED_ZOO } from './models.ts';
import { progress } from './progress.ts';

/** `scopestream evaluate --classify`: does enhancement change what cells are taken for, and how sure a classifier is? */

export interface DecisionOptions {
  /** Labelled cells: `FOLDER/CLASS/*.jpg`, or fields with boxes: `FOLDER/images`, `FOLDER/boxes`, `FOLDER/labels.csv`. */
  readonly cells?: string;
  /** Of fields: another CSV file with the columns image and wbc_class; only its fields are used. */
  readonly labels?: string;
  /** Of single cells: JSON with boxes by file name without ending, as left, top, width, height. */
  readonly boxes?: string;
  /** Expression whose first group names the source of a file: augmentations of one original have one. */
  readonly source?: string;
  /** Side of a cell's picture over the larger side of its box, for fields. */
  readonly margin?: number;
  /** Share of the side that a cell spans in its picture, where no box is known. */
  readonly cellShare?: number;
  /** Classes that are left out, of the cells and of the classifiers. */
  readonly without?: readonly string[];
  /** Classifiers that judge every arm: ids, package folders, or folders of packages (trainings of one design). */
  readonly classifier?: readonly string[];
  /** Networks that restore: ids or package folders. */
  readonly enhance?: readonly string[];
  /** Folder with ARM/TRAINING packages: classifiers that judge only the arm that they were trained on. */
  readonly perArm?: string;
  readonly degradation?: 'clean' | 'instrument' | 'both';
  /** Changes to the instrument: `blurPx=1 whiteElectrons=100`. */
  readonly instrument?: readonly string[];
  readonly lowSide?: number;
  /** Cells from which pictures without a cell are made. */
  readonly blank?: number;
  readonly folders?: readonly string[];
  readonly limit?: number;
  readonly seed?: number;
  /** Changed answers that are shown in the report. */
  readonly pictures?: number;
  /** Folder for decisions.json, decisions.csv and report.html. */
  readonly out?: string;
  readonly json?: boolean;
}

const DEFAULTS = {
  classifiers: ['smear-name'],
  enhancers: ['smear-sr', 'smear-sr-gan'],
  lowSide: 64,
  blank: 60,
  seed: 1,
  pictures: 8,
  /** Roughly that of PBC's pictures. */
  cellShare: 0.38,
  /** That of the classifiers of cells. */
  margin: 1.3,
  cellKind: 'WBC',
};

/** Resolves to 0. Throws ConfigError for options that do not fit together. */
export async function decisionsCommand(options: DecisionOptions): Promise<number> {
  const all = await readCells(options);
  const classes = [...new Set(all.map(({ label }) => label))].sort();
  if (classes.length < 2) throw new ConfigError('there must be cells of at least two classes');
  const cells = spread(all, options.limit ?? Infinity);
  const protocol = protocolOf(options);
  const networks = new Networks();
  try {
    const arms = await openArms(networks, options);
    const judges = await openJudges(networks, arms, classes, options);
    const evaluation = await evaluateDecisions(cells, {
      ...{ classes, arms, judges, protocol, blankCells: options.blank ?? DEFAULTS.blank },
      onProgress: (done, of) => progress(`${done} of ${of} pictures`),
    });
    process.stdout.write(options.json ? asJson(evaluation) : asText(evaluation));
    if (options.out !== undefined) {
      const asking = { arms, judges, protocol };
      const examples = await examplesOf(evaluation, cells, asking, options.pictures ?? DEFAULTS.pictures);
      const about = aboutOf(options, evaluation.cells, classes);
      await mkdir(options.out, { recursive: true });
      await Promise.all([
        writeFile(join(options.out, 'decisions.json'), asJson(evaluation)),
        writeFile(join(options.out, 'decisions.csv'), asCsv(evaluation)),
        writeFile(
          join(options.out, 'report.html'),
          asHtml({ title: 'Enhancement and decision', about, evaluation, examples }),
        ),
      ]);
      process.stderr.write(`report: ${join(options.out, 'report.html')}\n`);
    }
    return 0;
  } finally {
    await networks.close();
  }
}

async function readCells(options: DecisionOptions): Promise<Cell[]> {
  const { cells: folder, labels, without = [] } = options;
  if (folder === undefined) throw new ConfigError('give --cells <folder>: FOLDER/CLASS/*.jpg, or fields with boxes');
  const entries = await readdir(folder).catch((error: unknown) => {
    throw new ConfigError(`${folder}: ${messageOf(error)}`);
  });
  const margin = options.margin ?? DEFAULTS.margin;
  const cells = ['images', 'boxes'].every((name) => entries.includes(name))
    ? await cellsInFields(folder, { labels, margin, kind: DEFAULTS.cellKind })
    : await cellsInFolder(folder, {
        source: sourcePattern(options.source),
        cellShare: options.cellShare ?? DEFAULTS.cellShare,
        boxes: options.boxes === undefined ? undefined : await readBoxes(options.boxes),
      });
  const left = without.map((name) => name.toLowerCase());
  return cells.filter(({ label }) => !left.includes(label));
}

function sourcePattern(text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new ConfigError(`--source: ${messageOf(error)}`);
  }
}

async function readBoxes(path: string): Promise<Record<string, readonly number[]>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, readonly number[]>;
  } catch (error) {
    throw new ConfigError(`${path}: ${messageOf(error)}`);
  }
}

function protocolOf({
  degradation = 'both',
  lowSide = DEFAULTS.lowSide,
  seed = DEFAULTS.seed,
  instrument = [],
}: DecisionOptions): Protocol {
  const degradations =
    degradation === 'both' ? DEGRADATION_NAMES : DEGRADATION_NAMES.filter((name) => name === degradation);
  if (degradations.length === 0) throw new ConfigError('--degradation must be clean, instrument or both');
  if (![32, 64, 128].includes(lowSide)) throw new ConfigError('--low-side must be 32, 64 or 128 pixels');
  return { lowSide, degradations, seed, instrument: { ...INSTRUMENT_DEFAULTS, ...instrumentChanges(instrument) } };
}

function instrumentChanges(changes: readonly string[]): Partial<InstrumentSettings> {
  const names = Object.keys(INSTRUMENT_DEFAULTS);
  return Object.fromEntries(
    changes.map((change) => {
      const [name, value] = change.split('=');
      if (names.includes(name) && Number(value) >= 0) return [name, Number(value)];
      throw new ConfigError(`--instrument ${change}: must be NAME=VALUE with one of ${names.join(', ')}`);
    }),
  );
}

async function openArms(
  networks: Networks,
  { enhance = DEFAULTS.enhancers, folders = [] }: DecisionOptions,
): Promise<Arm[]> {
  const arms = [...CLASSICAL_ARMS];
  for (const name of enhance) {
    for (const folder of await packagesNamed(name, [SHIPPED_ZOO, ...folders])) {
      arms.push(await networkArm(networks, await readEnlargingPackage(folder)));
    }
  }
  return arms;
}

async function openJudges(
  networks: Networks,
  arms: readonly Arm[],
  classes: readonly string[],
  { classifier = DEFAULTS.classifiers, folders = [], perArm }: DecisionOptions,
): Promise<Judge[]> {
  const judges: Judge[] = [];
  const open = async (folder: string, name: string, family: string, arm?: string): Promise<void> => {
    const model = await readNamingPackage(folder);
    judges.push({ classifier: await openClassifier(networks, model, { name, family }, classes), arm });
  };
  for (const name of classifier) {
    const packages = await packagesNamed(name, [SHIPPED_ZOO, ...folders]);
    const isSet = packages.length > 1; // Trainings of one design, each under its folder's name.
    for (const folder of packages) {
      const own = basename(folder);
      await open(folder, isSet ? `${basename(name)}/${own}` : own, isSet ? basename(name) : familyOf(own));
    }
  }
  if (perArm !== undefined) {
    const known = ['original', ...arms.map(({ id }) => id)];
    for (const arm of (await readdir(perArm)).filter((name) => known.includes(name))) {
      for (const folder of await packagesNamed(join(perArm, arm), [])) {
        await open(folder, `${arm}/${basename(folder)}`, basename(perArm), arm);
      }
    }
  }
  return judges;
}

function aboutOf(
  { cells: folder, without = [] }: DecisionOptions,
  cells: readonly Pick<Cell, 'source' | 'label'>[],
  classes: readonly string[],
): string {
  const sources = new Set(cells.map(({ source }) => source)).size;
  const counts = classes.map((name) => `${cells.filter(({ label }) => label === name).length} ${name}`);
  const left = without.length > 0 ? ` without ${without.join(', ')}` : '';
  return `${cells.length} cells from ${sources} source pictures of ${folder}${left}: ${counts.join(', ')}.`;
}
