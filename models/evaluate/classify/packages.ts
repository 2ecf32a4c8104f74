import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError, messageOf } from '../../../pipeline/errors.ts';
import { MANIFEST_FILE, ManifestError } from '../../manifest.ts';
import { packageSchema } from '../../manifestSchema.ts';

/** The packages that an evaluation of decisions needs: classifiers of cells, and x4 enhancers of colour. */

const naming = z.object({
  task: z.literal('name-cells'),
  classes: z.array(z.string()).min(2),
  /** Pixels along a side of the picture that the network takes. */
  side: z.int().positive(),
  /** The picture is this many times the larger side of the cell's box; absent: it is the whole picture of the cell. */
  margin: z.number().positive().optional(),
  temperature: z.number().positive().default(1),
  unsureBelow: z.number().min(0).max(1).optional(),
  energyFloor: z.number().optional(),
});

const enlarging = z.object({ displayOnly: z.boolean().default(false) });

interface Package {
  readonly id: string;
  readonly version: string;
  readonly weights: string;
  readonly inputs: readonly string[];
}

export interface NamingPackage extends Package, z.infer<typeof naming> {}

export interface EnlargingPackage extends Package, z.infer<typeof enlarging> {}

/** A classifier of cells. Throws ManifestError naming the folder and the field. */
export async function readNamingPackage(folder: string): Promise<NamingPackage> {
  const { common, config } = await readPackage(folder);
  return { ...common, ...checked(naming, config, folder) };
}

/** A network from `raw` uint8 [1, H, W, 3] to four times its sides. Throws ManifestError naming the folder and the field. */
export async function readEnlargingPackage(folder: string): Promise<EnlargingPackage> {
  const { common, config } = await readPackage(folder);
  return { ...common, ...checked(enlarging, config, folder) };
}

/** The folder of a package: `name` is one, or it is the name of one in these zoos. Throws ConfigError. */
export async function findPackage(name: string, zoos: readonly string[]): Promise<string> {
  for (const folder of [name, ...zoos.map((zoo) => join(zoo, name))]) {
    if (await isPackage(folder)) return folder;
  }
  throw new ConfigError(`there is no package ${name}, neither as a folder nor in ${zoos.join(', ')}`);
}

/** Packages one level below a folder, by name. None when the folder is absent. */
export async function packagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const folders = names.sort().map((name) => join(folder, name));
  const found = await Promise.all(folders.map(isPackage));
  return folders.filter((_, i) => found[i]);
}

function isPackage(folder: string): Promise<boolean> {
  return stat(join(folder, MANIFEST_FILE)).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

async function readPackage(folder: string): Promise<{ readonly common: Package; readonly config: unknown }> {
  let content: unknown;
  try {
    content = parse(await readFile(join(folder, MANIFEST_FILE), 'utf8'));
  } catch (error) {
    throw new ManifestError(folder, `${MANIFEST_FILE} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const { id, version, weights, inputs } = checked(packageSchema, content, folder);
  return {
    common: {
      id: id ?? basename(folder),
      version,
      weights: join(folder, weights.onnx.source),
      inputs: inputs.map((input) => input.id),
    },
    config: (content as { config?: { scopestream?: unknown } }).config?.scopestream ?? {},
  };
}

function checked<T extends z.ZodType>(schema: T, content: unknown, folder: string): z.infer<T> {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ManifestError(folder, problems.join('; '));
}
