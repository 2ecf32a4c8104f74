import { setTimeout as delay } from 'node:timers/promises';
import { ClassifyError, messageOf } from '../../pipeline/errors.ts';
import type { AssessedFrame, Cell, CellSighting, CellsSkipped } from '../../pipeline/frame.ts';
import type { Classifier } from '../../pipeline/ports.ts';
import { ArrivalInterval } from '../arrivalInterval.ts';
import { movingMean } from '../movingMean.ts';
import { CellClient } from './cellClient.ts';
import type { Detection } from './cellMessages.ts';
import { samplesOf, type CellFinder, type CellNamer } from './cellPackage.ts';
import { UNSURE } from './decision.ts';
import { glanceAt, hasStructure, isSameField, type FieldGlance } from './field.ts';
import { finderScaleFor } from './finderScale.ts';
import { isLookedAt, lookRequest } from './lookRequest.ts';
import { DEFAULT_CELL_SETTINGS, type CellSettings } from './settings.ts';
import { Tracker, type CellTally } from './tracker.ts';

/**
 * Finds, names and follows cells, one look at a time, in a process of its own.
 *
 * An image does not wait for a look that cannot be ready in time. It then goes on with the newest cells of the same field
 * that are known, which say in which frame they were seen, and says that it was passed over itself. A look that comes late is
 * not lost: the next frame of the field brings it.
 */
export interface CellClassifier extends Classifier {
  readonly finder: CellFinder;
  readonly namer: CellNamer | undefined;
  /** Every label that a cell can have. */
  readonly labels: readonly string[];
  readonly state: 'ready' | 'restarting' | 'closed';
  readonly tally: CellTally;
  /** Of the newest look. */
  readonly cells: readonly Cell[];
  /** Frames of another session follow: counting begins again. `physicalSizeX`: micrometre per raw pixel, if known. */
  beginSession(physicalSizeX?: number): void;
}

/** Resolves when the networks are loaded. Throws ClassifyError when they cannot be. */
export async function createClassifier(
  finder: CellFinder,
  namer: CellNamer | undefined,
  given: Partial<CellSettings> = {},
): Promise<CellClassifier> {
  const settings = { ...DEFAULT_CELL_SETTINGS, ...given };
  const client = new CellClient(settings);
  try {
    await client.load({ finder, namer, threads: settings.threads });
  } catch (error) {
    await client.close();
    throw new ClassifyError(`${finder.id} cannot be used: ${messageOf(error)}`, { cause: error });
  }
  return new TrackingClassifier(finder, namer, client, settings);
}

/** What the newest look came to. */
interface Sighting {
  readonly cells: readonly Cell[];
  readonly seenIn: number;
  readonly field: FieldGlance;
  /** True once a frame has brought it. */
  isShown: boolean;
}

/** Share of the time between frames that nobody waits for. */
const SHORT_SHARE = 0.1;
/** A look is waited for when the last ones took at most this much of the time that there is. */
const WORTH_WAITING = 1.2;

class TrackingClassifier implements CellClassifier {
  readonly finder: CellFinder;
  readonly namer: CellNamer | undefined;
  readonly #client: CellClient;
  readonly #settings: CellSettings;
  readonly #arrivals = new ArrivalInterval();
  /** For the ledger. */
  readonly #by: string;
  #tracker: Tracker;
  #physicalSizeX: number | undefined;
  /** Absent before the first look at the present field. */
  #newest: Sighting | undefined;
  #lastCells: readonly Cell[] = [];
  /** The look that is going on. */
  #looking: Promise<void> | undefined;
  #meanMs: number | undefined;
  /** Of cells of the first kind in this session, raw pixels. */
  #foundDiameterPx: number | undefined;
  #comparedAtMs = -Infinity;
  /** A look of an earlier session may still be on its way: it belongs to no cell of this one. */
  #session = 0;

  constructor(finder: CellFinder, namer: CellNamer | undefined, client: CellClient, settings: CellSettings) {
    this.finder = finder;
    this.namer = namer;
    this.#client = client;
    this.#settings = settings;
    this.#by = [finder, ...(namer ? [namer] : [])].map(({ id, version }) => `${id} ${version}`).join(', ');
    this.#tracker = this.#newTracker();
  }

  get labels(): readonly string[] {
    return this.namer ? [...this.namer.classes, UNSURE, ...this.finder.kinds] : this.finder.kinds;
  }

  get state(): 'ready' | 'restarting' | 'closed' {
    return this.#client.state;
  }

  get tally(): CellTally {
    return this.#tracker.tally;
  }

  get cells(): readonly Cell[] {
    return this.#lastCells;
  }

  beginSession(physicalSizeX?: number): void {
    this.#session += 1;
    this.#tracker = this.#newTracker();
    this.#newest = undefined;
    this.#lastCells = [];
    this.#foundDiameterPx = undefined;
    this.#physicalSizeX = physicalSizeX;
  }

  async classify(frame: AssessedFrame): Promise<CellSighting> {
    if (frame.meta.index.c !== this.#settings.channel) return {};
    this.#requireSuitable(frame);
    this.#arrivals.see(frame.meta);
    const field = glanceAt(frame.raw);
    if (this.#looking && !this.#settings.sourceWaits()) return this.#passOver(frame, field, 'busy');
    await this.#looking;
    this.#enterField(field);
    if (!hasStructure(field)) return this.#seeNothing(frame, field);

    const problem = this.#begin(frame, field);
    if (!(await endsWithin(problem, this.#patienceMs()))) return this.#passOver(frame, field, 'late');
    const error = await problem;
    if (error) throw error;
    return this.#known(field, frame.meta.sequence);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #newTracker(): Tracker {
    return new Tracker(this.namer?.unsureBelow ?? 0);
  }

  #requireSuitable({ raw }: AssessedFrame): void {
    if (raw.samplesPerPixel === samplesOf(this.finder)) return;
    const [takes, has] = raw.samplesPerPixel === 3 ? ['grey', 'in colour'] : ['colour', 'grey'];
    throw new ClassifyError(`${this.finder.id} looks at ${takes} frames, and these are ${has}`);
  }

  /** How long the image may wait for its own cells. */
  #patienceMs(): number {
    const { budgetMs, sourceWaits } = this.#settings;
    if (sourceWaits()) return Infinity;
    const { meanMs: intervalMs = 0 } = this.#arrivals;
    // In a time-lapse the next frame, which would bring late cells, may be minutes away, and a second is nothing.
    const patienceMs = Math.min(
      Math.max(budgetMs, SHORT_SHARE * intervalMs),
      intervalMs > 0 ? intervalMs / 2 : budgetMs,
    );
    return this.#meanMs !== undefined && this.#meanMs > WORTH_WAITING * patienceMs ? 0 : patienceMs;
  }

  /** Begins a look. What it resolves to is what went wrong. */
  #begin(frame: AssessedFrame, field: FieldGlance): Promise<ClassifyError | undefined> {
    const startedMs = performance.now();
    const session = this.#session;
    const compare = this.#comparesAt(startedMs, frame);
    const { sizeX, sizeY } = frame.raw;
    const { finderScale, onLook } = this.#settings;
    const size = { sizeX, sizeY, physicalSizeX: this.#physicalSizeX, foundDiameterPx: this.#foundDiameterPx };
    const scale = finderScale || finderScaleFor(this.finder, size);
    const { request, planes, lookedAt } = lookRequest(frame, scale, compare);

    const looked = this.#client.look(request, planes).then(({ detections }) => {
      const ms = performance.now() - startedMs;
      this.#meanMs = movingMean(this.#meanMs, ms);
      if (session !== this.#session) return;
      this.#learnSize(detections);
      const flips = this.tally.flips;
      const cells = this.#tracker.look(detections, { sequence: frame.meta.sequence, sizeX, sizeY, lookedAt });
      this.#saw(cells, frame.meta.sequence, field);
      onLook?.({ kind: 'looked', ms, flips: this.tally.flips - flips });
    });
    const ended = looked.then(
      () => undefined,
      (error: unknown) => {
        onLook?.({ kind: 'failed', problem: messageOf(error) });
        return new ClassifyError(`${frame.meta.name}: ${this.finder.id}: ${messageOf(error)}`, { cause: error });
      },
    );
    this.#looking = ended.then(() => {
      this.#looking = undefined;
    });
    return ended;
  }

  /** Cells at the border are cut off: the larger side is nearer to the truth. */
  #learnSize(detections: readonly Detection[]): void {
    for (const { kind, box } of detections) {
      if (kind !== this.finder.kinds[0]) continue;
      this.#foundDiameterPx = movingMean(this.#foundDiameterPx, Math.max(box.width, box.height));
    }
  }

  /** At a low rate; where the source waits, every field. */
  #comparesAt(nowMs: number, frame: AssessedFrame): boolean {
    if (!isLookedAt(frame.enhanced)) return false;
    const isDue = nowMs - this.#comparedAtMs >= this.#settings.compareEveryMs;
    if (!isDue && !(this.#settings.sourceWaits() && this.#newest === undefined)) return false;
    this.#comparedAtMs = nowMs;
    return true;
  }

  #enterField(field: FieldGlance): void {
    if (!this.#newest || isSameField(this.#newest.field, field)) return;
    this.#tracker.leaveField();
    this.#newest = undefined;
  }

  /** There is nothing but noise: no network is asked to see something in it. */
  #seeNothing({ raw, meta }: AssessedFrame, field: FieldGlance): CellSighting {
    const { sizeX, sizeY } = raw;
    this.#tracker.look([], { sequence: meta.sequence, sizeX, sizeY, lookedAt: 'raw' });
    this.#saw([], meta.sequence, field);
    return this.#known(field, meta.sequence);
  }

  #saw(cells: readonly Cell[], seenIn: number, field: FieldGlance): void {
    this.#newest = { cells, seenIn, field, isShown: false };
    this.#lastCells = cells;
  }

  #passOver(frame: AssessedFrame, field: FieldGlance, because: CellsSkipped): CellSighting {
    this.#settings.onLook?.({ kind: 'skipped', because });
    return { ...this.#known(field, frame.meta.sequence), cellsSkipped: because };
  }

  #known(field: FieldGlance, sequence: number): CellSighting {
    const newest = this.#newest;
    // Of noise there is nothing to recognise a field by; the frame itself was looked at all the same.
    if (!newest || (newest.seenIn !== sequence && !isSameField(newest.field, field))) return {};
    const sighting = { cells: newest.cells, cellsSeenIn: newest.seenIn, cellsBy: this.#by };
    if (newest.isShown) return { ...sighting, cellsRepeated: true };
    newest.isShown = true;
    return sighting;
  }
}

/** Whether the promise settles within that time. */
async function endsWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms === 0) return false;
  if (ms === Infinity) return promise.then(() => true);
  const giveUp = new AbortController();
  try {
    return await Promise.race([
      promise.then(() => true),
      delay(ms, false, { signal: giveUp.signal }).catch(() => false),
    ]);
  } finally {
    giveUp.abort();
  }
}
