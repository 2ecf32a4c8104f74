import type { Stats } from 'node:fs';
import type { Companion } from './companion.ts';

/** A watched folder, as far as the files in it need to know it. */
export interface FileFolder {
  readonly path: string;
  /** Followers of `metadata.txt` and `NDTiff.index`, if the folder has them, by name. */
  readonly companions: Map<string, Companion>;
  /** `order` of the newest image file in it. */
  newestOrder: number;
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

/** A new file, or one that grew, on its way to be handed on. */
export interface Candidate {
  readonly file: SeenFile;
  /** It was there before the watching began. */
  readonly existing: boolean;
  /** Unix ms */
  readonly firstSeenMs: number;
  /** The look taken at first sight, if one was. */
  readonly firstLook: Promise<Look | undefined> | undefined;
  look: Look | undefined;
  wasMoved: boolean;
  /** When its size or time of modification was last seen to differ, Unix ms. */
  changedMs: number;
  /** When to look next, Unix ms. */
  dueMs: number;
  /** Pause before the look after that, if nothing changes, ms. */
  backOffMs: number;
  /** Shortest pause between two looks, ms: a stack of thousands of pages is not walked all the time. */
  shortestPauseMs: number;
  /** It was looked at, or is due to be, with a later file in its folder. */
  knowsSuccessor: boolean;
  /** The file was not there at the last look. */
  missed: boolean;
}

/** What the file system says of a file at one time. */
export interface Look {
  readonly isFile: boolean;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** It has been moved to its name since it was last written. */
  readonly wasMoved: boolean;
  /** Stays the same when the file is renamed. */
  readonly identity: string;
}

export function lookFrom(stats: Stats): Look {
  return {
    isFile: stats.isFile(),
    sizeBytes: stats.size,
    modifiedMs: stats.mtimeMs,
    // Writing sets both times; moving sets only the second one.
    wasMoved: stats.ctimeMs > stats.mtimeMs,
    identity: identityOf(stats),
  };
}

/** An inode number alone is used again by the next file after a deletion; with the time of birth it is not. */
export function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`;
}
