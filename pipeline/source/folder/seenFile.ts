import { join } from 'node:path';
import type { Candidate } from './candidate.ts';
import type { Companion } from './companion.ts';

/** A watched folder, as far as the files in it need to know it. */
export interface FileFolder {
  readonly path: string;
  /** The image files that are known to be in it, by name. */
  readonly files: ReadonlyMap<string, SeenFile>;
  /** Followers of `metadata.txt` and `NDTiff.index`, if the folder has them, by name. */
  readonly companions: ReadonlyMap<string, Companion>;
  /** `order` of the newest image file in it. */
  readonly newestOrder: number;
}

/**
 * What is remembered of a file for as long as it is in the folder, so that each arrives once. Kept small: a long session
 * has hundreds of thousands of them.
 */
export interface SeenFile {
  readonly folder: FileFolder;
  readonly name: string;
  /** Order of first sight among all files of this source. */
  readonly order: number;
  /** Pages that were handed on; infinite for a file that is to be left alone. */
  pagesDelivered: number;
  /** Its size when they were, byte. */
  sizeDelivered: number;
  /** Number of the last listing of its folder that held it. */
  seenInListing: number;
  /** Set while the file is on its way to be handed on. */
  candidate: Candidate | undefined;
}

export function pathOf(file: SeenFile): string {
  return join(file.folder.path, file.name);
}
