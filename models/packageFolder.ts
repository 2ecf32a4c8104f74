import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { messageOf } from '../pipeline/errors.ts';
import { packageSchema, type PackageFields } from './manifestSchema.ts';

/** The files of a bioimage.io package: what every kind of model has in common. */

export const MANIFEST_FILE = 'bioimageio.yaml';

export interface PackageWeights {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A model package cannot be used; the message names the folder and the field. */
export class ManifestError extends Error {
  readonly folder: string;
  constructor(folder: string, problem: string, options?: ErrorOptions) {
    super(`model package ${folder}: ${problem}`, options);
    this.name = 'ManifestError';
    this.folder = folder;
  }
}

/** Packages one level below the folder, or the folder if it is one itself. A folder that is absent holds none. */
export async function findPackages(zoo: string): Promise<string[]> {
  const names = await readdir(zoo).catch((): string[] => []);
  const folders = names.includes(MANIFEST_FILE) ? [zoo] : names.sort().map((name) => join(zoo, name));
  const found = await Promise.all(folders.map((folder) => isFile(join(folder, MANIFEST_FILE))));
  return folders.filter((_, i) => found[i]);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

/** The description as it stands in the file, checked. Throws ManifestError. */
export async function readFields(folder: string): Promise<PackageFields> {
  let content: unknown;
  try {
    content = parse(await readFile(join(folder, MANIFEST_FILE), 'utf8'));
  } catch (error) {
    throw new ManifestError(folder, `${MANIFEST_FILE} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const result = packageSchema.safeParse(content);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${fieldName(issue.path)}: ${issue.message}`);
  throw new ManifestError(folder, problems.join('; '));
}

/** What a package says under `config.scopestream`, as its task wants it. Throws ManifestError naming the field. */
export function checkedConfig<T extends z.ZodType>(folder: string, schema: T, config: unknown): z.infer<T> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `config.scopestream.${path.join('.')}: ${message}`);
  throw new ManifestError(folder, problems.join('; '));
}

/** `['inputs', 0, 'id']` -> `inputs[0].id` */
function fieldName(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return parts.join('').replace(/^\./, '') || MANIFEST_FILE;
}

/** Throws ManifestError when the file is missing or is not the one that the package names. */
export async function checkWeights(folder: string, onnx: PackageFields['weights']['onnx']): Promise<PackageWeights> {
  const path = inside(folder, onnx.source);
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new ManifestError(folder, `weights.onnx.source: ${messageOf(error)}`, { cause: error });
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== onnx.sha256) {
    throw new ManifestError(folder, `weights.onnx.sha256: the file's is ${sha256}, the package says ${onnx.sha256}`);
  }
  return { path, sha256, sizeBytes: bytes.length };
}

/** A path that the package names; it must lie inside the package. */
export function inside(folder: string, source: string): string {
  const path = resolve(folder, source);
  if (!path.startsWith(resolve(folder) + sep)) throw new ManifestError(folder, `${source} lies outside the package`);
  return path;
}
