import { relative } from 'node:path';
import type { ArrivedFrame, PlaneDescription, SourceEvent } from '../../frame.ts';
import { describeByName } from '../nameGrammar.ts';
import { Candidate } from './candidate.ts';
import { CandidateQueue } from './candidateQueue.ts';
import type { Companion } from './companion.ts';
import { completedBy, type CompletionRule } from './completion.ts';
import type { FolderSettings } from './folder.ts';
import { FolderTree, type Finding } from './folderTree.ts';
import { takeLook, type Look } from './look.ts';
import { pathOf, type FileFolder, type SeenFile } from './seenFile.ts';

/** A removed file may turn up under another name: wait so long for it, ms. */
const RENAMING_MS = 250;
/** Files that came under a new name are found among so many of the latest. */
const REMEMBERED_IDENTITIES = 1024;

/** The events of one folder source: looks at files as the consumer asks for frames. */
export class FolderFollower {
  readonly #settings: FolderSettings;
  readonly #queue = new CandidateQueue();
  readonly #signal: AbortSignal;
  readonly #tree: FolderTree;
  readonly #identities = new Map<string, SeenFile>();
  readonly #alreadyThere: SeenFile[] = [];
  #order = 0;

  constructor(settings: FolderSettings, signal: AbortSignal) {
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
    else this.#queue.add(attach(new Candidate(file, false, this.#firstLook(file, finding))));
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

  async #queueAlreadyThere(): Promise<void> {
    const files = this.#alreadyThere.splice(0);
    const { existing } = this.#settings;
    const wanted = existing === 'all' ? files : existing === 'newest' ? await newestOf(files) : [];
    for (const file of files) file.pagesDelivered = Infinity;
    for (const file of wanted) {
      file.pagesDelivered = 0;
      this.#queue.add(attach(new Candidate(file, true)));
    }
  }

  #changed(file: SeenFile): void {
    const { candidate } = file;
    if (candidate) this.#queue.bringForward(candidate, candidate.noteChange());
    else this.#mayHaveChanged(file);
  }

  #mayHaveChanged(file: SeenFile): void {
    const isLeftAlone = file.pagesDelivered === Infinity;
    if (!isLeftAlone && !file.candidate) this.#queue.setAside(attach(new Candidate(file, false)));
  }

  async #readCompanion(folder: FileFolder, companion: Companion): Promise<void> {
    await companion.readOn();
    this.#queue.bringForwardIn(folder, (file) => companion.planesOf(file.name) > file.pagesDelivered);
  }

  /** Hands on what is complete of a file, and sets it aside if there may be more. */
  async *#lookAt(candidate: Candidate): AsyncGenerator<SourceEvent> {
    const { file } = candidate;
    if (isReplaced(file)) return this.#finish(candidate); // the file that has its name now comes by itself
    const look = await candidate.lookAgain();
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
    candidate.planNextLook(sound, tookMs, this.#settings);
    this.#queue.setAside(candidate);
  }

  /** 0 when the structure is not sound. Why it is not comes to light in decoding, if it stays so. */
  #countPages(file: SeenFile): Promise<number> {
    return this.#settings.countPages(pathOf(file)).catch(() => 0);
  }

  /** The file is not there. It may have been a temporary name, or a frame that someone removed before it could be read. */
  *#withoutFile(candidate: Candidate): Generator<SourceEvent> {
    const { file, look } = candidate;
    const holder = look && this.#identities.get(look.identity);
    const neverWas = !candidate.existing && !look;
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

  /** What was written while the consumer was busy with what came before is looked at as well. */
  #finish(candidate: Candidate): void {
    candidate.file.candidate = undefined;
    if (candidate.changedSinceLook) this.#mayHaveChanged(candidate.file);
  }
}

function attach(candidate: Candidate): Candidate {
  candidate.file.candidate = candidate;
  return candidate;
}

function isReplaced(file: SeenFile): boolean {
  const known = file.folder.files.get(file.name);
  return known !== undefined && known !== file;
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
