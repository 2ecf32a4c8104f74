import type { FSWatcher } from 'node:fs';
import type { Companion } from './companion.ts';
import type { FileFolder, SeenFile } from './seenFile.ts';

/** What is known of one folder. */
export class FolderNode implements FileFolder {
  readonly path: string;
  /** Another folder at the same path has another one. */
  readonly identity: string;
  readonly companions = new Map<string, Companion>();
  readonly files = new Map<string, SeenFile>();
  /** Its sub-folders, by name. */
  readonly folders = new Map<string, FolderNode>();
  newestOrder = -1;
  /** Number of the newest listing. */
  listing = 0;
  watcher: FSWatcher | undefined;
  /** The name in the event before, if that was a renaming, a creation or a removal. */
  lastRenamed: string | undefined;

  constructor(path: string, identity: string) {
    this.path = path;
    this.identity = identity;
  }

  /** Of this folder and all below it. */
  closeWatchers(): void {
    this.watcher?.close();
    this.watcher = undefined;
    for (const folder of this.folders.values()) folder.closeWatchers();
  }
}
