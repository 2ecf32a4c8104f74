import { join, relative, resolve } from 'node:path';
import type { ArrivedFrame, PlaneDescription, SourceEvent } from '../../frame.ts';
import type { Source } from '../../ports.ts';
import { describeByName } from '../nameGrammar.ts';
import { singleUse } from '../singleUse.ts';
import { CandidateQueue } from './candidateQueue.ts';
import { completedBy, type CompletionRule } from './completion.ts';
import type { Companion } from './companion.ts';
import { FolderTree, takeLook, type Finding } from './folderTree.ts';
import type { Candidate, FileFolder, Look, SeenFile } from './seenFile.ts';

export interface FolderSourceOptions {
  readonly path: string;
  /** Pages that are complete in a file now; rejects while there are none. */
  readonly countPages: (path: string) => Promise<number>;
  /** What to do with files that are there already: nothing, the newest one, all in natural order. Default `ignore`. */
  readonly existing?: 'ignore' | 'newest' | 'all';
  /** Sub-folders too. Default false. */
  readonly recursive?: boolean;
  /** For network shares, which send no events: listings only. Default false. */
  readonly polling?: boolean;
  /** ms between listings. Default 1000, with `polling` 500. */
  readonly listEveryMs?: number;
  /** A whole file that has not changed for so long is complete, ms. Default 25, with `polling` 1000. */
  readonly settleMs?: number;
  /** A file that is not whole and has not changed for so long is handed on as it is, ms. Default 10 000. */
  readonly deadlineMs?: number;
  /** Told of things that a person may want to know: a folder that is gone, files that are passed over. */
  readonly note?: (message: string) => void;
}

type Settings = Required<FolderSourceOptions>;

const SHORTEST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
/** Looking may take this share of the time. */
const LOOKING_SHARE = 0.2;
/** A removed file may turn up under another name: wait so long for it, ms. */
const RENAMING_MS = 250;
/** Files that came under a new name are found among so many of the latest. */
const REMEMBERED_IDENTITIES = 1024;

/**
 * Watches a folder into which another program writes images. Each file arrives once, when it is complete (`completion.ts`
 * has the rules), each page of a stack as soon as it is; files that are not whole are tried again and hold nobody up.
 * Nothing is ever written to the folder, and only names are kept in memory: the consumer's pace is the pace of reading.
 *
 * A name is known for as long as it is in the folder: a file that is rewritten in place under the same name is no new frame.
 */
export function createFolderSource(options: FolderSourceOptions): Source {
  const path = resolve(options.path);
  const polling = options.polling ?? false;
  const settings: Settings = {
    path,
    polling,
    countPages: options.countPages,
    existing: options.existing ?? 'ignore',
    recursive: options.recursive ?? false,
    listEveryMs: options.listEveryMs ?? (polling ? 500 : 1000),
    settleMs: options.settleMs ?? (polling ? 1000 : 25),
    deadlineMs: options.deadlineMs ?? 10_000,
    note: options.note ?? (() => undefined),
  };
  return singleUse('folder', path, (signal) => new FolderFollower(settings, signal).events());
}

class FolderFollower {
  readonly #settings: Settings;
  readonly #queue = new CandidateQueue();
  readonly #signal: AbortSignal;
  readonly #tree: FolderTree;
  readonly #identities = new Map<string, SeenFile>();
  readonly #alreadyThere: SeenFile[] = [];
  #order = 0;

  constructor(settings: Settings, signal: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
    const { path: root, recursive, polling, listEveryMs, note } = settings;
    this.#tree = new FolderTree(
      { root, recursive, events: !polling, listEveryMs, note },
      {
        appeared: (folder, name, finding) => this.#appeared(folder, name, finding),
        changed: (file) => this.#changed(file),
        mayHaveChanged: (file) => this.#mayHaveChanged(file),
        companionChanged: (folder, companion) => void this.#readCompanion(folder, companion),
      },
      signal,
    );
  }

  async *events(): AsyncGenerator<SourceEvent> {
    await this.#tree.start();
    await this.#queueAlreadyThere();
    while (!this.#signal.aborted) {
      const candidate = this.#queue.take(Date.now());
      if (candidate) yield* this.#lookAt(candidate);
      else await this.#queue.wait(Date.now(), this.#signal);
    }
  }

  #appeared(folder: FileFolder, name: string, finding: Finding): SeenFile {
    const file: SeenFile = {
      folder,
      name,
      order: this.#order++,
      pagesDelivered: 0,
      sizeDelivered: -1,
      seenInListing: 0,
      candidate: undefined,
    };
    if (finding.existing) this.#alreadyThere.push(file);
    else this.#queue.add(this.#candidateFor(file, false, this.#firstLook(file, finding)));
    return file;
  }

  async #firstLook(file: SeenFile, { look, movedFrom }: Finding): Promise<Look | undefined> {
    const first = look ?? (await takeLook(pathOf(file)));
    if (!first) return undefined;
    this.#identities.delete(first.identity);
    this.#identities.set(first.identity, file);
    if (this.#identities.size > REMEMBERED_IDENTITIES) this.#identities.delete(this.#identities.keys().next().value!);
    // The clock of file times ticks every few ms: a file written and moved within one tick shows it only by its former name.
    const wasMoved = first.wasMoved || (movedFrom !== undefined && !(await takeLook(movedFrom)));
    return { ...first, wasMoved };
  }

  #candidateFor(file: SeenFile, existing: boolean, firstLook?: Promise<Look | undefined>): Candidate {
    const nowMs = Date.now();
    file.candidate = {
      file,
      existing,
      firstSeenMs: nowMs,
      firstLook,
      look: undefined,
      wasMoved: false,
      changedMs: nowMs,
      dueMs: nowMs,
      backOffMs: SHORTEST_PAUSE_MS,
      shortestPauseMs: SHORTEST_PAUSE_MS,
      knowsSuccessor: false,
      missed: false,
    };
    return file.candidate;
  }

  async #queueAlreadyThere(): Promise<void> {
    const files = this.#alreadyThere.splice(0);
    const { existing } = this.#settings;
    const wanted = existing === 'all' ? files : existing === 'newest' ? await newestOf(files) : [];
    for (const file of files) file.pagesDelivered = Infinity;
    for (const file of wanted) {
      file.pagesDelivered = 0;
      this.#queue.add(this.#candidateFor(file, true));
    }
  }

  #changed(file: SeenFile): void {
    const { candidate } = file;
    if (!candidate) return this.#mayHaveChanged(file);
    candidate.changedMs = Date.now();
    candidate.backOffMs = candidate.shortestPauseMs;
    this.#queue.bringForward(candidate, candidate.changedMs + candidate.shortestPauseMs);
  }

  #mayHaveChanged(file: SeenFile): void {
    const isLeftAlone = file.pagesDelivered === Infinity;
    if (!isLeftAlone && !file.candidate) this.#queue.setAside(this.#candidateFor(file, false));
  }

  async #readCompanion(folder: FileFolder, companion: Companion): Promise<void> {
    await companion.readOn();
    this.#queue.bringForwardIn(folder, (file) => companion.planesOf(file.name) > file.pagesDelivered);
  }

  /** Hands on what is complete of a file, and sets it aside if there may be more. */
  async *#lookAt(candidate: Candidate): AsyncGenerator<SourceEvent> {
    const { file } = candidate;
    const look = await this.#takeLook(candidate);
    if (!look) return yield* this.#withoutFile(candidate);
    if (!look.isFile || look.sizeBytes === file.sizeDelivered) return this.#finish(candidate);

    const startedMs = performance.now();
    const pages = look.sizeBytes === 0 ? 0 : await this.#countPages(file);
    const tookMs = performance.now() - startedMs;
    const companion = [...file.folder.companions.values()].find(({ planesOf }) => planesOf(file.name) > 0);
    const named = Math.min(pages, companion?.planesOf(file.name) ?? 0);
    if (companion && named < pages) yield* this.#handOn(candidate, look, named, pages, companion.rule);

    candidate.knowsSuccessor ||= file.folder.newestOrder > file.order;
    const sound = pages > file.pagesDelivered;
    const rule = completedBy(
      {
        sound,
        namedBy: named === pages ? companion?.rule : undefined,
        renamed: candidate.wasMoved && !candidate.existing && this.#trustsTimes,
        hasSuccessor: candidate.knowsSuccessor,
        quietMs: Date.now() - candidate.changedMs,
      },
      this.#settings,
    );
    if (rule) {
      // Of a file that never became whole, one frame is handed on; what decoding says of it ends up in the ledger.
      const upTo = sound ? pages : file.pagesDelivered === 0 ? 1 : 0;
      yield* this.#handOn(candidate, look, upTo, pages, rule);
      file.sizeDelivered = look.sizeBytes;
      return this.#finish(candidate);
    }
    // The last page of a growing stack may be torn in a way that does not show; those before it have a successor.
    yield* this.#handOn(candidate, look, pages - 1, pages, 'successor');
    this.#lookLater(candidate, sound, tookMs);
  }

  async #takeLook(candidate: Candidate): Promise<Look | undefined> {
    const { file } = candidate;
    if (!candidate.look) {
      candidate.look = await candidate.firstLook;
      candidate.wasMoved = candidate.look?.wasMoved ?? false;
    }
    const before = candidate.look;
    const look = await takeLook(pathOf(file));
    if (!look) return undefined;
    const differs = look.sizeBytes !== before?.sizeBytes || look.modifiedMs !== before.modifiedMs;
    if (before && differs) candidate.changedMs = Date.now();
    if (differs) candidate.wasMoved = look.wasMoved;
    candidate.look = look;
    candidate.missed = false;
    return look;
  }

  /** 0 when the structure is not sound. Why it is not comes to light in decoding, if it stays so. */
  #countPages(file: SeenFile): Promise<number> {
    return this.#settings.countPages(pathOf(file)).catch(() => 0);
  }

  #lookLater(candidate: Candidate, sound: boolean, tookMs: number): void {
    const nowMs = Date.now();
    candidate.shortestPauseMs = Math.max(SHORTEST_PAUSE_MS, tookMs / LOOKING_SHARE);
    const { settleMs, deadlineMs } = this.#settings;
    const pauseMs = Math.max(candidate.backOffMs, candidate.shortestPauseMs);
    candidate.dueMs = sound
      ? Math.max(nowMs, candidate.changedMs + settleMs)
      : Math.min(nowMs + pauseMs, Math.max(nowMs, candidate.changedMs + deadlineMs));
    candidate.backOffMs = Math.min(candidate.backOffMs * 2, LONGEST_PAUSE_MS);
    this.#queue.setAside(candidate);
  }

  /** The file is not there. It may have been a temporary name, or a frame that someone removed before it could be read. */
  *#withoutFile(candidate: Candidate): Generator<SourceEvent> {
    const { file, look } = candidate;
    const holder = look && this.#identities.get(look.identity);
    const neverWas = candidate.firstLook !== undefined && !look;
    if (neverWas || file.pagesDelivered > 0 || (holder && holder !== file)) return this.#finish(candidate);
    if (!candidate.missed) {
      candidate.missed = true;
      candidate.dueMs = Date.now() + RENAMING_MS;
      return this.#queue.setAside(candidate);
    }
    yield this.#frame(candidate, undefined, 0, 0, 'vanished');
    this.#finish(candidate);
  }

  *#handOn(
    candidate: Candidate,
    look: Look,
    upTo: number,
    pages: number,
    rule: CompletionRule,
  ): Generator<SourceEvent> {
    const { file } = candidate;
    while (file.pagesDelivered < upTo) {
      const page = file.pagesDelivered;
      file.pagesDelivered += 1;
      yield this.#frame(candidate, look, page, pages, rule);
    }
  }

  #frame(
    candidate: Candidate,
    look: Look | undefined,
    page: number,
    pages: number,
    rule: CompletionRule,
  ): ArrivedFrame {
    const path = pathOf(candidate.file);
    const name = relative(this.#settings.path, path);
    return {
      type: 'frame',
      name: page === 0 ? name : `${name}[${page}]`,
      arrivedMs: this.#arrivedMs(candidate, look),
      payload: { kind: 'file', path, page },
      description: describe(candidate.file, page, pages),
      completedBy: rule,
    };
  }

  /** When the frame was complete, not when somebody had time for it: the last writing, as far as that can be known. */
  #arrivedMs(candidate: Candidate, look: Look | undefined): number {
    const nowMs = Date.now();
    if (candidate.existing || !look || !this.#trustsTimes) return candidate.existing ? nowMs : candidate.changedMs;
    return Math.min(nowMs, Math.max(candidate.firstSeenMs, look.modifiedMs));
  }

  /** Times of files are those of this machine's clock. */
  get #trustsTimes(): boolean {
    return !this.#settings.polling && process.platform !== 'win32';
  }

  #finish(candidate: Candidate): void {
    candidate.file.candidate = undefined;
  }
}

function pathOf(file: SeenFile): string {
  return join(file.folder.path, file.name);
}

/** A file name places a single plane; the pages of a stack are placed by its index or by its own metadata. */
function describe(file: SeenFile, page: number, pages: number): PlaneDescription {
  for (const companion of file.folder.companions.values()) {
    const stated = companion.describe(file.name, page);
    if (stated) return stated;
  }
  return pages > 1 ? {} : describeByName(file.name);
}

async function newestOf(files: readonly SeenFile[]): Promise<SeenFile[]> {
  let newest: { file: SeenFile; modifiedMs: number } | undefined;
  for (const file of files) {
    const look = await takeLook(pathOf(file));
    if (look && look.modifiedMs >= (newest?.modifiedMs ?? -Infinity)) newest = { file, modifiedMs: look.modifiedMs };
  }
  return newest ? [newest.file] : [];
}
