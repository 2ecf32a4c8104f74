import { createHash } from 'node:crypto';
import { EnhanceError, messageOf } from '../pipeline/errors.ts';
import { GAUSSIAN_SIGMA } from './enhancer/gaussian.ts';
import { manifestFrom, type ModelManifest } from './manifest.ts';
import { findPackages, readFields } from './packageFolder.ts';

/**
 * All models that enhance: packages in zoo folders, and two classical methods that are always there. What finds and names
 * cells is listed in `classifier/cellRegistry.ts`.
 */

export type BuiltInId = 'gaussian' | 'bicubic';

export interface ModelEntry {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly magnification: number;
  /** Of the frames that it takes; absent: of any. */
  readonly samplesPerPixel?: 1 | 3;
  /** It pleases the eye: nothing is measured in what it makes, and no cells are looked for. */
  readonly displayOnly: boolean;
  readonly precision: string;
  /** SHA-256 of the weights; of a built-in method, of its description. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly method: { readonly kind: BuiltInId } | { readonly kind: 'onnx'; readonly manifest: ModelManifest };
}

export interface Registry {
  /** Packages by id, then the built-in methods. */
  readonly models: readonly ModelEntry[];
  /** Packages that cannot be used, with the reason. */
  readonly broken: readonly { readonly folder: string; readonly problem: string }[];
  /** Throws EnhanceError naming the models that there are. */
  get(id: string): ModelEntry;
}

const BUILT_INS: Readonly<Record<BuiltInId, Pick<ModelEntry, 'name' | 'version' | 'description'>>> = {
  gaussian: {
    name: 'Gaussian',
    version: '2.0.0',
    description:
      `Gaussian smoothing as wide as suits the session's own frames (sigma ${GAUSSIAN_SIGMA} raw pixels until that is ` +
      `known), then cubic convolution (a = -1/2). A classical filter, not a network.`,
  },
  bicubic: {
    name: 'Bicubic',
    version: '1.0.0',
    description: 'Cubic convolution (a = -1/2), nothing else: the raw pixels, enlarged. Removes no noise.',
  },
};

/** Smoothing each colour by itself would blur what colours have in common. */
const BUILT_IN_SAMPLES: Readonly<Record<BuiltInId, 1 | undefined>> = { gaussian: 1, bicubic: undefined };

/** A classical method at a magnification of 1, 2 or 4. */
export function builtIn(kind: BuiltInId, magnification = 2): ModelEntry {
  const { name, version, description } = BUILT_INS[kind];
  return {
    id: kind,
    name,
    version,
    description,
    license: 'Apache-2.0',
    magnification,
    samplesPerPixel: BUILT_IN_SAMPLES[kind],
    displayOnly: false,
    precision: 'float32',
    sha256: createHash('sha256').update(`${description} x${magnification}`).digest('hex'),
    sizeBytes: 0,
    method: { kind },
  };
}

const ENHANCING: ReadonlySet<string> = new Set(['enhance', 'enlarge-colour']);

/** Looks for packages one level below each folder (or a folder that is one itself). A folder that is absent holds none. */
export async function openRegistry(zooFolders: readonly string[]): Promise<Registry> {
  const packages: ModelEntry[] = [];
  const broken: { folder: string; problem: string }[] = [];
  for (const folder of (await Promise.all(zooFolders.map(findPackages))).flat()) {
    try {
      const fields = await readFields(folder);
      if (!ENHANCING.has(fields.config.scopestream.task)) continue;
      const entry = entryOf(await manifestFrom(folder, fields));
      const same = packages.find((other) => other.id === entry.id);
      if (same) broken.push({ folder, problem: `the id ${entry.id} is taken by another package` });
      else packages.push(entry);
    } catch (error) {
      broken.push({ folder, problem: messageOf(error) });
    }
  }
  packages.sort((a, b) => a.id.localeCompare(b.id));
  const models = [...packages, builtIn('gaussian'), builtIn('bicubic')];
  return {
    models,
    broken,
    get(id) {
      const entry = models.find((model) => model.id === id);
      if (entry) return entry;
      throw new EnhanceError(`there is no model ${id}; there are ${models.map((model) => model.id).join(', ')}`);
    },
  };
}

function entryOf(manifest: ModelManifest): ModelEntry {
  return {
    id: manifest.id,
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    license: manifest.license,
    magnification: manifest.magnification,
    samplesPerPixel: manifest.samplesPerPixel,
    displayOnly: manifest.scopestream.displayOnly ?? manifest.contract === 'tensor',
    precision: manifest.precision,
    sha256: manifest.weights.sha256,
    sizeBytes: manifest.weights.sizeBytes,
    method: { kind: 'onnx', manifest },
  };
}
