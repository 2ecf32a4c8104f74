import { watch, type Dirent } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, SourceError } from '../../errors.ts';
import { Alarm } from '../alarm.ts';
import { extensionOf, isImageName } from '../imageName.ts';
import { naturalOrder } from '../naturalOrder.ts';
import { companionFor, type Companion } from './companion.ts';
import { FolderNode } from './folderNode.ts';
import { identityOf, takeLook, type Look } from './look.ts';
import type { FileFolder, SeenFile } from './seenFile.ts';
import { watchSessionFolders } from './sessionFolders.ts';

/** How a file was found. */
export interface Finding {
  /** It was there before the watching began. */
  readonly existing: boolean;
  /** A look that was taken already. */
  readonly look?: Look;
  /** The path that was renamed just before: perhaps to this one. */
  readonly movedFrom?: string;
}

export interface TreeListener {
  /** An image file is new. */
  appeared(folder: FileFolder, name: string, finding: Finding): SeenFile;
  /** A known file is being written. */
  changed(file: SeenFile): void;
  /** A known file may have been written since the last listing. */
  mayHaveChanged(file: SeenFile): void;
  /** A companion file of the folder may have grown. */
  companionChanged(folder: FileFolder, companion: Companion): void;
}

export interface TreeOptions {
  readonly root: string;
  readonly recursive: boolean;
  /** False where the system sends no events: network shares. */
  readonly events: boolean;
  readonly listEveryMs: number;
  readonly note: (message: string) => void;
}

/** A listing may take this share of the time: in a folder of a million files it is made less often. */
const LISTING_SHARE = { events: 0.05, polling: 0.25 };
/** Where no events tell of growth, so many of a folder's newest files are looked at again after each listing. */
const NEWEST_FILES = 16;
/** A root with more files than these, whatever they are, is not watched for session folders: that would cost too much. */
const FEW_FILES = 64;
/** Extensions that are passed over are mentioned once each, and so many of them at most. */
const MENTIONS = 32;

/**
 * Knows which files are in a folder. Events of the system come at once but may be lost or come too early; a listing about
 * once a second is late but true. Each file is reported once while it stays, by whichever sees it first. Nothing is ever
 * listed because of an event for one file: that would cost the whole folder for every frame.
 */
export class FolderTree {
  readonly #options: TreeOptions;
  readonly #listener: TreeListener;
  readonly #signal: AbortSignal;
  readonly #mentioned = new Set<string>();
  #root: FolderNode | undefined;
  /** The folder that was at the root's path before: a share that is unmounted and mounted again brings no new files. */
  #formerRoot: FolderNode | undefined;
  #rootGone = false;
  readonly #listNow = new Alarm();

  constructor(options: TreeOptions, listener: TreeListener, signal: AbortSignal) {
    this.#options = options;
    this.#listener = listener;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#root?.closeWatchers(), { once: true });
  }

  /** The first listing, then one about every `listEveryMs` until the signal aborts. Rejects when there is no such folder. */
  async start(): Promise<void> {
    try {
      await this.#listRoot(true);
    } catch (error) {
      throw new SourceError(`cannot watch ${this.#options.root}: ${messageOf(error)}`, { cause: error });
    }
    void this.#keepListing();
  }

  async #keepListing(): Promise<void> {
    const { listEveryMs, events } = this.#options;
    let tookMs = 0;
    while (!this.#signal.aborted) {
      const share = events ? LISTING_SHARE.events : LISTING_SHARE.polling;
      await this.#listNow.wait(Math.max(listEveryMs, tookMs / share), this.#signal);
      if (this.#signal.aborted) return;
      const startedMs = performance.now();
      await this.#listRootIfThere();
      tookMs = performance.now() - startedMs;
    }
  }

  /** A folder that cannot be read is waited for: it may come back. */
  async #listRootIfThere(): Promise<void> {
    const { root, note } = this.#options;
    try {
      await this.#listRoot(false);
      if (this.#rootGone) note(`${root} is back`);
      this.#rootGone = false;
    } catch (error) {
      if (!this.#rootGone) note(`${root} cannot be read, waiting for it to come back: ${messageOf(error)}`);
      this.#rootGone = true;
      this.#root?.closeWatchers();
    }
  }

  async #listRoot(existing: boolean): Promise<void> {
    const identity = identityOf(await stat(this.#options.root));
    if (this.#root?.identity !== identity) this.#changeRoot(identity);
    await this.#list(this.#root!, existing);
    this.#watchSessionFolders(this.#root!);
  }

  #changeRoot(identity: string): void {
    const left = this.#root;
    left?.closeWatchers();
    this.#root =
      this.#formerRoot?.identity === identity ? this.#formerRoot : new FolderNode(this.#options.root, identity, 0);
    this.#formerRoot = left;
  }

  async #list(node: FolderNode, existing: boolean): Promise<void> {
    this.#attachWatcher(node); // before the listing, so that nothing falls between the two
    const listing = ++node.listing;
    const entries = await readdir(node.path, { withFileTypes: true });
    const news: string[] = [];
    const folders: string[] = [];
    for (const entry of entries) {
      const file = node.files.get(entry.name);
      if (file) file.seenInListing = Math.max(file.seenInListing, listing);
      else if (entry.isDirectory()) folders.push(entry.name);
      else if (isPlainOrLink(entry)) this.#sortOut(node, entry.name, news);
    }
    await this.#reportNews(node, news, existing);
    for (const file of node.files.values()) {
      if (file.seenInListing < listing) node.files.delete(file.name);
    }
    node.otherFiles = entries.length - folders.length - node.files.size;
    if (!this.#options.events) this.#lookAgainAtNewest(node);
    if (this.#options.recursive) await this.#listFolders(node, folders.sort(naturalOrder), listing, existing);
  }

  #sortOut(node: FolderNode, name: string, news: string[]): void {
    if (isImageName(name)) news.push(name);
    else if (!this.#noticeCompanion(node, name)) this.#mention(name);
  }

  /** Files already there come in natural order of their names, files found later in the order in which they were written. */
  async #reportNews(node: FolderNode, names: string[], existing: boolean): Promise<void> {
    names.sort(naturalOrder);
    if (existing) {
      for (const name of names) this.#report(node, name, { existing });
      return;
    }
    const found: { name: string; look: Look }[] = [];
    for (const name of names) {
      const look = await takeLook(join(node.path, name));
      if (look) found.push({ name, look });
    }
    found.sort((a, b) => a.look.modifiedMs - b.look.modifiedMs);
    for (const { name, look } of found) this.#report(node, name, { existing, look });
  }

  #report(node: FolderNode, name: string, finding: Finding): void {
    if (node.files.has(name)) return; // an event was faster
    const file = this.#listener.appeared(node, name, finding);
    file.seenInListing = node.listing;
    node.newestOrder = file.order;
    node.files.set(name, file);
    node.closeSessionFolders(); // frames land here, so this is no folder of sessions
  }

  #lookAgainAtNewest(node: FolderNode): void {
    for (const companion of node.companions.values()) this.#listener.companionChanged(node, companion);
    for (const file of [...node.files.values()].slice(-NEWEST_FILES)) this.#listener.mayHaveChanged(file);
  }

  async #listFolders(node: FolderNode, names: string[], listing: number, existing: boolean): Promise<void> {
    const present = new Set(names);
    for (const [name, child] of node.folders) {
      if (!present.has(name) && child.foundInListing < listing) this.#forgetFolder(node, name);
    }
    for (const name of names) {
      if (!name.startsWith('.') && !this.#signal.aborted) await this.#listFolder(node, name, existing);
    }
  }

  #forgetFolder(parent: FolderNode, name: string): void {
    parent.folders.get(name)?.closeWatchers();
    parent.folders.delete(name);
  }

  async #listFolder(parent: FolderNode, name: string, existing: boolean): Promise<void> {
    const path = join(parent.path, name);
    try {
      const identity = identityOf(await lstat(path));
      let node = parent.folders.get(name);
      if (node?.identity !== identity) {
        node?.closeWatchers();
        node = new FolderNode(path, identity, parent.listing);
        parent.folders.set(name, node);
      }
      await this.#list(node, existing);
    } catch (error) {
      this.#mentionOnce(`${path} was passed over: ${messageOf(error)}`);
    }
  }

  #attachWatcher(node: FolderNode): void {
    if (!this.#options.events || node.watcher || this.#signal.aborted) return;
    const detach = (error: unknown): void => {
      node.watcher?.close();
      node.watcher = undefined;
      this.#mentionOnce(`no events for ${node.path} (${messageOf(error)}): it is listed instead, which is slower`);
    };
    try {
      node.watcher = watch(node.path);
      node.watcher.on('change', (type, name) => this.#onEvent(node, type, name as string | null));
      node.watcher.on('error', detach);
    } catch (error) {
      detach(error);
    }
  }

  /** After a listing, which shows what kind of folder the root is. Folders made between the two are told of. */
  #watchSessionFolders(root: FolderNode): void {
    if (root.files.size > 0 || root.otherFiles > FEW_FILES) return root.closeSessionFolders();
    if (!this.#options.recursive || root.sessionFolders || this.#signal.aborted) return;
    root.sessionFolders = watchSessionFolders(
      root.path,
      !this.#options.events,
      (name) => void this.#noticeSessionFolder(root, name),
      (error) => this.#mentionOnce(`new folders in ${root.path} are found by listing alone: ${messageOf(error)}`),
    );
  }

  #onEvent(node: FolderNode, type: string, name: string | null): void {
    const renamedBefore = node.lastRenamed;
    node.lastRenamed = type === 'rename' ? (name ?? undefined) : undefined;
    if (this.#signal.aborted) return;
    if (name === null || name === basename(node.path)) return this.#listNow.ring();
    const file = node.files.get(name);
    if (file) {
      if (type === 'rename') void this.#forgetIfGone(node, file);
      else this.#listener.changed(file);
    } else if (isImageName(name)) {
      const movedFrom = type === 'rename' && renamedBefore ? join(node.path, renamedBefore) : undefined;
      this.#report(node, name, { existing: false, movedFrom });
    } else if (!this.#noticeCompanion(node, name) && type === 'rename' && !node.sessionFolders) {
      void this.#noticeFolder(node, name);
    }
  }

  async #forgetIfGone(node: FolderNode, file: SeenFile): Promise<void> {
    if (await takeLook(join(node.path, file.name))) this.#listener.changed(file);
    else if (node.files.get(file.name) === file) node.files.delete(file.name);
  }

  #noticeCompanion(node: FolderNode, name: string): boolean {
    const companion = node.companions.get(name) ?? companionFor(name, join(node.path, name));
    if (!companion) return false;
    node.companions.set(name, companion);
    this.#listener.companionChanged(node, companion);
    return true;
  }

  /** A folder has appeared, gone, or taken another's name; or it is one that is known already. */
  async #noticeSessionFolder(root: FolderNode, name: string): Promise<void> {
    const known = root.folders.get(name);
    const look = await takeLook(join(root.path, name));
    if (look && look.identity !== known?.identity) await this.#noticeFolder(root, name);
    if (!look && known === root.folders.get(name)) this.#forgetFolder(root, name);
  }

  async #noticeFolder(node: FolderNode, name: string): Promise<void> {
    const found = await lstat(join(node.path, name)).catch(() => undefined);
    if (!found) return;
    if (!found.isDirectory()) this.#mention(name);
    else if (this.#options.recursive && !name.startsWith('.')) await this.#listFolder(node, name, false);
  }

  #mention(name: string): void {
    const extension = extensionOf(name);
    if (name.startsWith('.') || name.startsWith('~')) return;
    this.#mentionOnce(`files named like ${extension ? `*${extension}` : name} are no images and are passed over`);
  }

  #mentionOnce(message: string): void {
    if (this.#mentioned.has(message) || this.#mentioned.size >= MENTIONS) return;
    this.#mentioned.add(message);
    this.#options.note(message);
  }
}

function isPlainOrLink(entry: Dirent): boolean {
  return entry.isFile() || entry.isSymbolicLink();
}
