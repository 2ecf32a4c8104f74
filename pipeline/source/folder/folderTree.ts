import { watch, type Dirent, type FSWatcher } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, SourceError } from '../../errors.ts';
import { Alarm } from '../alarm.ts';
import { extensionOf, isImageName } from '../imageName.ts';
import { naturalOrder } from '../naturalOrder.ts';
import { companionFor, type Companion } from './companion.ts';
import { identityOf, lookFrom, type FileFolder, type Look, type SeenFile } from './seenFile.ts';

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
/** Extensions that are passed over are mentioned once each, and so many of them at most. */
const MENTIONS = 32;

class FolderNode implements FileFolder {
  readonly path: string;
  readonly identity: string;
  readonly companions = new Map<string, Companion>();
  readonly files = new Map<string, SeenFile>();
  readonly folders = new Map<string, FolderNode>();
  newestOrder = -1;
  listing = 0;
  watcher: FSWatcher | undefined;
  /** The name in the event before, if that was a renaming, a creation or a removal. */
  lastRenamed: string | undefined;

  constructor(path: string, identity: string) {
    this.path = path;
    this.identity = identity;
  }
}

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
    signal.addEventListener('abort', () => this.#closeWatchers(this.#root), { once: true });
  }

  /** The first listing, then one about every `listEveryMs` until the signal aborts. Rejects when there is no such folder. */
  async start(): Promise<void> {
    const { root } = this.#options;
    const found = await stat(root).catch((error: unknown) => {
      throw new SourceError(`cannot watch ${root}: ${messageOf(error)}`, { cause: error });
    });
    if (!found.isDirectory()) throw new SourceError(`cannot watch ${root}: it is not a folder`);
    await this.#listRoot(true);
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
      await this.#listRoot(false);
      tookMs = performance.now() - startedMs;
    }
  }

  /** A folder that cannot be read is waited for: it may come back. */
  async #listRoot(existing: boolean): Promise<void> {
    const { root, note } = this.#options;
    try {
      const identity = identityOf(await stat(root));
      if (this.#root?.identity !== identity) this.#changeRoot(identity);
      await this.#list(this.#root!, existing);
      if (this.#rootGone) note(`${root} is back`);
      this.#rootGone = false;
    } catch (error) {
      if (!this.#rootGone) note(`${root} cannot be read, waiting for it to come back: ${messageOf(error)}`);
      this.#rootGone = true;
      this.#closeWatchers(this.#root);
    }
  }

  #changeRoot(identity: string): void {
    const left = this.#root;
    this.#closeWatchers(left);
    this.#root =
      this.#formerRoot?.identity === identity ? this.#formerRoot : new FolderNode(this.#options.root, identity);
    this.#formerRoot = left;
  }

  async #list(node: FolderNode, existing: boolean): Promise<void> {
    this.#attachWatcher(node); // before the listing, so that nothing falls between the two
    node.listing += 1;
    const entries = await readdir(node.path, { withFileTypes: true });
    const news: string[] = [];
    const folders: string[] = [];
    for (const entry of entries) {
      const file = node.files.get(entry.name);
      if (file) file.seenInListing = node.listing;
      else if (entry.isDirectory()) folders.push(entry.name);
      else if (isPlainOrLink(entry)) this.#sortOut(node, entry.name, news);
    }
    await this.#reportNews(node, news, existing);
    for (const file of node.files.values()) {
      if (file.seenInListing < node.listing) node.files.delete(file.name);
    }
    if (!this.#options.events) this.#lookAgainAtNewest(node);
    if (this.#options.recursive) await this.#listFolders(node, folders.sort(naturalOrder), existing);
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
  }

  #lookAgainAtNewest(node: FolderNode): void {
    for (const companion of node.companions.values()) this.#listener.companionChanged(node, companion);
    for (const file of [...node.files.values()].slice(-NEWEST_FILES)) this.#listener.mayHaveChanged(file);
  }

  async #listFolders(node: FolderNode, names: string[], existing: boolean): Promise<void> {
    const present = new Set(names);
    for (const [name, child] of node.folders) {
      if (present.has(name)) continue;
      this.#closeWatchers(child);
      node.folders.delete(name);
    }
    for (const name of names) {
      if (!name.startsWith('.') && !this.#signal.aborted) await this.#listFolder(node, name, existing);
    }
  }

  async #listFolder(parent: FolderNode, name: string, existing: boolean): Promise<void> {
    const path = join(parent.path, name);
    try {
      const identity = identityOf(await lstat(path));
      let node = parent.folders.get(name);
      if (node?.identity !== identity) {
        this.#closeWatchers(node);
        node = new FolderNode(path, identity);
        parent.folders.set(name, node);
      }
      await this.#list(node, existing);
    } catch (error) {
      this.#options.note(`${path} was passed over: ${messageOf(error)}`);
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
    } else if (!this.#noticeCompanion(node, name) && type === 'rename') {
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

  async #noticeFolder(node: FolderNode, name: string): Promise<void> {
    const found = await lstat(join(node.path, name)).catch(() => undefined);
    if (!found?.isDirectory()) return found && this.#mention(name);
    if (this.#options.recursive) this.#listNow.ring();
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

  #closeWatchers(node: FolderNode | undefined): void {
    if (!node) return;
    node.watcher?.close();
    node.watcher = undefined;
    for (const child of node.folders.values()) this.#closeWatchers(child);
  }
}

function isPlainOrLink(entry: Dirent): boolean {
  return entry.isFile() || entry.isSymbolicLink();
}

/** Undefined when the file is not there. */
export async function takeLook(path: string): Promise<Look | undefined> {
  try {
    return lookFrom(await stat(path));
  } catch {
    return undefined;
  }
}
