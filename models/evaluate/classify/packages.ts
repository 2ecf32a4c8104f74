import { basename, join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../../pipeline/errors.ts';
import { namerConfig } from '../../classifier/cellPackage.ts';
import { checkedConfig, checkWeights, findPackages, readFields, type PackageWeights } from '../../packageFolder.ts';

/** The packages that an evaluation of decisions needs: classifiers of cells, and x4 enhancers of colour. */

/** A classifier that never meets a live frame may take the whole picture that a cell came in: then it states no margin. */
const naming = namerConfig.extend({ margin: z.number().positive().optional() });

const enlarging = z.object({ task: z.literal('enlarge-colour'), displayOnly: z.boolean().default(false) });

interface Package {
  readonly id: string;
  readonly version: string;
  readonly weights: PackageWeights;
}

export interface NamingPackage extends Package, z.infer<typeof naming> {}

export interface EnlargingPackage extends Package, z.infer<typeof enlarging> {}

/** A classifier of cells. Throws ManifestError naming the folder and the field. */
export function readNamingPackage(folder: string): Promise<NamingPackage> {
  return readPackage(folder, naming);
}

/** A network from uint8 [1, H, W, 3] to four times its sides. Throws ManifestError naming the folder and the field. */
export function readEnlargingPackage(folder: string): Promise<EnlargingPackage> {
  return readPackage(folder, enlarging);
}

/** The packages that a name stands for: one of these zoos, a folder that is one, or all in a folder. Throws ConfigError. */
export async function packagesNamed(name: string, zoos: readonly string[]): Promise<readonly string[]> {
  for (const folder of [...zoos.map((zoo) => join(zoo, name)), name]) {
    const found = await findPackages(folder);
    if (found.length > 0) return found;
  }
  throw new ConfigError(`there is no package ${name}, neither in ${zoos.join(', ')} nor as a folder`);
}

async function readPackage<T extends object>(folder: string, schema: z.ZodType<T>): Promise<Package & T> {
  const { id, version, weights, config } = await readFields(folder);
  const own = checkedConfig(folder, schema, config.scopestream);
  return { id: id ?? basename(folder), version, weights: await checkWeights(folder, weights.onnx), ...own };
}
