import { ClassifyError, messageOf } from '../../pipeline/errors.ts';
import { findPackages } from '../packageFolder.ts';
import { readCellPackage, type CellFinder, type CellNamer } from './cellPackage.ts';

/** All packages that find cells, and those that name what was found. */

export interface CellRegistry {
  /** By id. */
  readonly finders: readonly CellFinder[];
  readonly namers: readonly CellNamer[];
  /** Packages that cannot be used, with the reason. */
  readonly broken: readonly { readonly folder: string; readonly problem: string }[];
  /** Throws ClassifyError naming the finders that there are. */
  get(id: string): CellFinder;
  /** Who names what the finder finds; undefined when nobody does. */
  namerFor(finder: CellFinder): CellNamer | undefined;
}

/** Looks in the same folders as `openRegistry`. */
export async function openCellRegistry(zooFolders: readonly string[]): Promise<CellRegistry> {
  const finders = new Map<string, CellFinder>();
  const namers = new Map<string, CellNamer>();
  const broken: { folder: string; problem: string }[] = [];
  for (const folder of (await Promise.all(zooFolders.map(findPackages))).flat()) {
    try {
      const found = await readCellPackage(folder);
      if (found?.task === 'name-cells') namers.set(found.id, found);
      else if (found) finders.set(found.id, found);
    } catch (error) {
      broken.push({ folder, problem: messageOf(error) });
    }
  }
  const sorted = [...finders.values()].sort((a, b) => a.id.localeCompare(b.id));
  return {
    finders: sorted,
    namers: [...namers.values()],
    broken,
    get(id) {
      const finder = finders.get(id);
      if (finder) return finder;
      const others = sorted.map((each) => each.id).join(', ') || 'none';
      throw new ClassifyError(`there is no package ${id} that finds cells; there are ${others}`);
    },
    namerFor: (finder) =>
      finder.gives === 'boxes' && finder.classifier !== undefined ? namers.get(finder.classifier) : undefined,
  };
}
