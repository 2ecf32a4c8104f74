import type { FSWatcher } from 'node:fs';
import type { Companion } from './companion.ts';
import type { FileFolder, SeenFile } from './seenFile.ts';
import type { SessionFolderWatch } from './sessionFolders.ts';

/** What is known of one folder. */
export class FolderNode implements FileFolder {
  readonly path: string;
  /** Another folder at the same path has another one. */
  readonly identity: string;
  /** Number of its parent's newest listing when it was found: that one may have been made before it was there. */
  readonly foundInListing: number;
  readonly companions = new Map<string, Companion>();
  readonly files = new Map<string, SeenFile>();
  /** About how many files in it are no images. */
  otherFiles = 0;
  /** Its sub-folders, by name. */
  readonly folders = new Map<string, FolderNode>();
  newestOrder = -1;
  /** Number of the newest listing. */
  listing = 0;
  watcher: FSWatcher | undefined;
  /** Only of the root, and only while frames do not land in it. */
  sessionFolders: SessionFolderWatch | undefined;
  /** The name in the event before, if that was a renaming, a creation or a removal. */
  lastRenamed: string | undefined;

  constructor(path: string, identity: string, foundInListing: number) {
    this.path = path;
    this.identity = identity;
    this.foundInListing = foundInListing;
  }

  /** Of this folder and all below it. */
  closeWatchers(): void {
    this.watcher?.close();
    this.watcher = undefined;
    this.closeSessionFolders();
    for (const folder of this.folders.values()) folder.closeWatchers();
  }

  closeSessionFolders(): void {
    this.sessionFolders?.close();
    this.sessionFolders = undefined;
  }
}
