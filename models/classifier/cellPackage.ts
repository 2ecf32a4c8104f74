import { basename } from 'node:path';
import { z } from 'zod';
import { readManifest, type ModelManifest } from '../manifest.ts';
import type { PackageFields, TensorFields } from '../manifestSchema.ts';
import { checkedConfig, checkWeights, ManifestError, readFields, type PackageWeights } from '../packageFolder.ts';

/**
 * Packages that find cells and that name them. What they say of themselves stands under `config.scopestream`; a package of
 * others that says nothing there can find cells when its own description declares a map of probabilities for segmentation.
 */

interface CellPackageCommon {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly folder: string;
  readonly weights: PackageWeights;
}

const boxesConfig = z.object({
  task: z.literal('find-cells'),
  gives: z.literal('boxes'),
  kinds: z.array(z.string()).min(1),
  /** Width and height of the picture must be multiples of this many pixels. */
  step: z.int().positive(),
  /** Least probability of each kind. */
  thresholds: z.array(z.number().min(0).max(1)).min(1),
  /** Two boxes whose intersection over union is larger than this are one cell. */
  overlap: z.number().min(0).max(1).default(0.5),
  maxPixels: z.int().positive().default(4_194_304),
  /** Id of the package that names the cells of the first kind. */
  classifier: z.string().optional(),
  /** Smallest and largest diameter of cells of the first kind in training, pixels. */
  trainedDiameterPx: z.tuple([z.number(), z.number()]).optional(),
});

const outlinesConfig = z.object({
  task: z.literal('find-cells'),
  gives: z.literal('outlines'),
  kinds: z.array(z.string()).length(1),
  step: z.int().positive(),
  /** Least probability of the inside of a cell. */
  threshold: z.number().min(0).max(1).default(0.5),
  /** A cell grows from where inside minus rim is larger than this. */
  seedThreshold: z.number().min(0).max(1).default(0.5),
  minAreaPx: z.number().nonnegative().default(30),
  maxPixels: z.int().positive().default(4_194_304),
  trainedDiameterPx: z.tuple([z.number(), z.number()]).optional(),
});

export const namerConfig = z.object({
  task: z.literal('name-cells'),
  classes: z.array(z.string()).min(2),
  /** Pixels along a side of the picture of a cell. */
  side: z.int().positive(),
  /** Side of that picture over the larger side of the cell's box. */
  margin: z.number().positive().default(1.3),
  temperature: z.number().positive().default(1),
  /** A cell whose likeliest class is less probable is `unsure`. */
  unsureBelow: z.number().min(0).max(1).default(0),
  /** A cell of less energy (`probabilities.ts`) is like nothing in training, and `unsure`. */
  energyFloor: z.number().optional(),
});

export interface BoxFinder extends CellPackageCommon, z.infer<typeof boxesConfig> {}
export interface OutlineFinder extends CellPackageCommon, z.infer<typeof outlinesConfig> {
  /** How a package of others is run: one float32 picture in, one map of probabilities out. */
  readonly tensor?: ModelManifest;
}
export type CellFinder = BoxFinder | OutlineFinder;
export interface CellNamer extends CellPackageCommon, z.infer<typeof namerConfig> {}
export type CellPackage = CellFinder | CellNamer;

/** Samples per pixel of the frames that a finder looks at. */
export function samplesOf(finder: CellFinder): 1 | 3 {
  return finder.gives === 'boxes' ? 3 : 1;
}

/** The package in `folder`; undefined when it has nothing to do with cells. Throws ManifestError. */
export async function readCellPackage(folder: string): Promise<CellPackage | undefined> {
  const fields = await readFields(folder);
  const config = fields.config.scopestream;
  if (config.task === 'enlarge-colour') return undefined;
  if (config.task === 'enhance') return byItsOwnDeclaration(folder, fields);
  const common = await commonOf(folder, fields);
  if (config.task === 'name-cells') return { ...common, ...checkedConfig(folder, namerConfig, config) };
  return config['gives'] === 'boxes'
    ? { ...common, ...thresholdsForAll(folder, checkedConfig(folder, boxesConfig, config)) }
    : { ...common, ...checkedConfig(folder, outlinesConfig, config) };
}

async function commonOf(folder: string, fields: PackageFields): Promise<CellPackageCommon> {
  const { id, name, version, description, license, weights } = fields;
  return {
    ...{ id: id ?? basename(folder), name, version, description, license, folder },
    weights: await checkWeights(folder, weights.onnx),
  };
}

function thresholdsForAll<T extends z.infer<typeof boxesConfig>>(folder: string, config: T): T {
  if (config.thresholds.length === config.kinds.length) return config;
  throw new ManifestError(folder, 'config.scopestream.thresholds: there must be one for each of the kinds');
}

/** Its probability between two touching cells falls, but seldom below one half: cells begin well above. */
const DECLARED = { threshold: 0.5, seedThreshold: 0.85, minAreaPx: 30, maxPixels: 4_194_304, step: 1 } as const;

/** A package of others: tagged `segmentation`, with one picture in and one map of probabilities out. */
async function byItsOwnDeclaration(folder: string, fields: PackageFields): Promise<OutlineFinder | undefined> {
  const [map] = fields.outputs;
  const isSegmentation = fields.tags.some((tag) => /segmentation/i.test(tag));
  if (!isSegmentation || fields.outputs.length !== 1 || !isProbability(map)) return undefined;
  const manifest = await readManifest(folder);
  if (manifest.contract !== 'tensor' || manifest.magnification !== 1) return undefined;
  const kind = fields.tags.find((tag) => /^(nucleus|nuclei)$/i.test(tag)) ? 'nucleus' : 'cell';
  return {
    ...(await commonOf(folder, fields)),
    ...{ task: 'find-cells', gives: 'outlines', kinds: [kind], ...DECLARED, tensor: manifest },
  };
}

function isProbability(map: TensorFields): boolean {
  const data = Array.isArray(map.data) ? map.data[0] : map.data;
  const [low, high] = data?.range ?? [null, null];
  return low === 0 && high === 1;
}
