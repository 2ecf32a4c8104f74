/**
 * The viewers. Each one is a `latest` consumer of its own: at most `maxUnacknowledged` frames are on the way to it, and behind
 * them waits the newest. A slow or sleeping viewer costs itself frames, and nobody else anything.
 */

import type { Namespace, Socket } from 'socket.io';
import { z } from 'zod';
import { messageOf } from '../pipeline/errors.ts';
import type { ClassifiedFrame } from '../pipeline/frame.ts';
import type { Publisher } from '../pipeline/ports.ts';
import { RateLimit } from '../pipeline/rateLimit.ts';
import type { Pair } from './preview.ts';
import { SharedFrame } from './preview.ts';
import type {
  CommandResult,
  LiveFrameHeader,
  LiveMark,
  LiveStats,
  Policy,
  ServerToViewer,
  ServiceState,
  ViewerSettings,
  ViewerToServer,
} from './protocol.ts';

export type LiveNamespace = Namespace<ViewerToServer, ServerToViewer>;
type ViewerSocket = Socket<ViewerToServer, ServerToViewer>;

/** What a viewer may ask for; `server/session.ts` does it. A rejected promise is a refusal with its reason. */
export interface Controls {
  chooseModel(modelId: string): Promise<void>;
  /** A package, `auto`, or undefined for nobody. */
  chooseCells(modelId: string | undefined): Promise<void>;
  choosePolicy(policy: Policy): Promise<void>;
  startSource(): Promise<void>;
  stopSource(): Promise<void>;
  record(on: boolean): Promise<void>;
  mark(note: string): Promise<void>;
}

export interface LiveSettings {
  readonly most: number;
  readonly maxUnacknowledged: number;
  /** frames/s to one viewer */
  readonly maxRate: number;
}

/** Commands of one viewer in a second: far more than hands can give, far fewer than would hurt. */
const MOST_COMMANDS = 50;
/** Marks that a new viewer is told of. */
const MAX_MARKS = 100;

const settingsSchema = z.strictObject({
  encoding: z.enum(['raw', 'jpeg']).optional(),
  maxRate: z.number().min(0.1).max(240).optional(),
  window: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => high > low, 'the window must not be empty')
    .optional(),
  wantsFrames: z.boolean().optional(),
});

export class LivePublisher implements Publisher {
  readonly #namespace: LiveNamespace;
  readonly #settings: LiveSettings;
  readonly #viewers = new Map<string, Viewer>();
  readonly #counted: (outcome: 'sent' | 'skipped') => void;
  #newest: SharedFrame | undefined;
  #sessionId = '';
  #marks: readonly LiveMark[] = [];

  constructor(
    namespace: LiveNamespace,
    settings: LiveSettings,
    controls: Controls,
    state: () => ServiceState,
    counted: (outcome: 'sent' | 'skipped') => void,
  ) {
    this.#namespace = namespace;
    this.#settings = settings;
    this.#counted = counted;
    namespace.use((_socket, next) =>
      next(this.#viewers.size >= settings.most ? new Error(`there are ${settings.most} viewers already`) : undefined),
    );
    namespace.on('connection', (socket) => this.#welcome(socket, controls, state));
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Frames of this session follow. */
  beginSession(sessionId: string): void {
    this.#sessionId = sessionId;
    this.#newest = undefined;
    this.#marks = [];
  }

  publish(frame: ClassifiedFrame): void {
    this.#newest = new SharedFrame(frame, this.#sessionId);
    for (const viewer of this.#viewers.values()) viewer.offer(this.#newest);
  }

  sendState(state: ServiceState): void {
    this.#namespace.emit('state', state);
  }

  sendMark(mark: LiveMark): void {
    const others = this.#marks.filter(({ id }) => id !== mark.id);
    this.#marks = mark.removed ? others : [...others, mark].slice(-MAX_MARKS);
    this.#namespace.emit('marks', [mark]);
  }

  /** Numbers that are out of date a second later: a viewer that cannot take them now does not get them. */
  sendStats(stats: LiveStats): void {
    this.#namespace.volatile.emit('stats', stats);
  }

  #welcome(socket: ViewerSocket, controls: Controls, state: () => ServiceState): void {
    const viewer = new Viewer(socket, this.#settings, this.#counted);
    this.#viewers.set(socket.id, viewer);
    socket.on('disconnect', () => {
      viewer.close();
      this.#viewers.delete(socket.id);
    });

    const patience = new RateLimit(MOST_COMMANDS);
    /** Whatever a peer sends, the answer is a result: never an exception of ours. */
    const command = <T>(event: keyof ViewerToServer, schema: z.ZodType<T>, act: (value: T) => Promise<void>) => {
      const untyped = socket as unknown as { on(event: string, listener: (...sent: unknown[]) => void): void };
      untyped.on(event, (...sent) => {
        const done = sent.at(-1);
        if (!patience.allows()) return answer(done, `more than ${MOST_COMMANDS} commands a second`);
        const parsed = schema.safeParse(sent.length > 1 ? sent[0] : undefined);
        if (!parsed.success) return answer(done, z.prettifyError(parsed.error));
        act(parsed.data).then(
          () => answer(done),
          (error: unknown) => answer(done, messageOf(error)),
        );
      });
    };
    command('settings', settingsSchema, async (settings) => {
      const { wantsFrames } = viewer;
      viewer.apply(settings);
      // Back from a hidden tab: in a slow time-lapse the next frame may be minutes away.
      if (!wantsFrames && this.#newest) viewer.offer(this.#newest);
    });
    command('chooseModel', z.string().max(200), (id) => controls.chooseModel(id));
    command('chooseCells', z.string().max(200).nullable(), (id) => controls.chooseCells(id ?? undefined));
    command('choosePolicy', z.enum(['every', 'newest']), (policy) => controls.choosePolicy(policy));
    command('startSource', z.undefined(), () => controls.startSource());
    command('stopSource', z.undefined(), () => controls.stopSource());
    command('record', z.boolean(), (on) => controls.record(on));
    command('mark', z.string().max(2000), (note) => controls.mark(note));

    socket.emit('state', state());
    if (this.#marks.length > 0) socket.emit('marks', this.#marks);
    if (this.#newest) viewer.offer(this.#newest);
  }
}

/** A peer may leave out the callback, or send something else in its place. */
function answer(done: unknown, problem?: string): void {
  if (typeof done !== 'function') return;
  const result: CommandResult = problem === undefined ? { ok: true } : { ok: false, problem };
  done(result);
}

class Viewer {
  readonly #socket: ViewerSocket;
  readonly #limits: LiveSettings;
  readonly #counted: (outcome: 'sent' | 'skipped') => void;
  #settings: ViewerSettings = {};
  #onTheWay = 0;
  #waiting: SharedFrame | undefined;
  #skipped = 0;
  #roundTripMs: number | undefined;
  /** When the next frame is due at the viewer's rate, on the clock of `performance.now`. */
  #dueMs = -Infinity;
  #untilDue: NodeJS.Timeout | undefined;
  /** JPEG encodings may overtake one another; frames must not. */
  #sentBefore: Promise<void> = Promise.resolve();

  constructor(socket: ViewerSocket, limits: LiveSettings, counted: (outcome: 'sent' | 'skipped') => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#counted = counted;
  }

  get wantsFrames(): boolean {
    return this.#settings.wantsFrames !== false;
  }

  apply(settings: ViewerSettings): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  /** Sends the frame now, or lets it wait until there is credit and its time has come, or a newer one takes its place. */
  offer(frame: SharedFrame): void {
    if (!this.wantsFrames) return;
    if (this.#waiting) this.#skip();
    this.#waiting = frame;
    this.#sendWaiting();
  }

  close(): void {
    clearTimeout(this.#untilDue);
  }

  #skip(): void {
    this.#skipped += 1;
    this.#counted('skipped');
  }

  #sendWaiting(): void {
    const frame = this.#waiting;
    clearTimeout(this.#untilDue);
    if (!frame || this.#onTheWay >= this.#limits.maxUnacknowledged) return;
    const intervalMs = 1000 / Math.min(this.#settings.maxRate ?? Infinity, this.#limits.maxRate);
    const nowMs = performance.now();
    const earlyMs = Math.min(this.#dueMs - nowMs, intervalMs); // The rate may have been raised since.
    // Half an interval early is on time, because arrivals jitter; the rate is a ceiling for the mean.
    if (earlyMs > intervalMs / 2) {
      this.#untilDue = setTimeout(() => this.#sendWaiting(), earlyMs);
      return;
    }
    this.#dueMs = Math.max(nowMs + earlyMs, nowMs) + intervalMs;
    this.#waiting = undefined;
    this.#send(frame);
  }

  #send(shared: SharedFrame): void {
    this.#onTheWay += 1;
    const encoding = this.#encode(shared);
    this.#sentBefore = this.#sentBefore.then(async () => this.#emit(shared, await encoding));
  }

  #emit(shared: SharedFrame, pair: Pair): void {
    const header = { ...headerOf(shared, pair), skippedForYou: this.#skipped, roundTripMs: this.#roundTripMs };
    this.#skipped = 0;
    this.#counted('sent');
    const emittedMs = performance.now();
    let isFirst = true;
    this.#socket.emit('frame', header, pair.raw.bytes, pair.enhanced?.bytes ?? null, (heldMs: unknown) => {
      if (!isFirst) return;
      isFirst = false;
      const held = typeof heldMs === 'number' && heldMs > 0 ? heldMs : 0;
      this.#roundTripMs = Math.max(performance.now() - emittedMs - held, 0);
      this.#onTheWay -= 1;
      if (this.wantsFrames) this.#sendWaiting();
    });
  }

  #encode(shared: SharedFrame): Pair | Promise<Pair> {
    if (this.#settings.encoding !== 'jpeg') return shared.full();
    return shared.jpeg(this.#settings.window as [number, number] | undefined).catch(() => shared.full());
  }
}

function headerOf({ frame, sessionId }: SharedFrame, pair: Pair): Omit<LiveFrameHeader, 'skippedForYou'> {
  const { sequence, index, name, deltaT, arrivedMs } = frame.meta;
  const { enhanced, enhanceFault, quality, cells, cellsSeenIn, cellsSkipped, times } = frame;
  return {
    sessionId,
    sequence,
    index,
    name,
    deltaT,
    arrivedMs,
    sentMs: performance.timeOrigin + performance.now(),
    raw: pair.raw.header,
    enhanced:
      enhanced && pair.enhanced
        ? { ...pair.enhanced.header, magnification: enhanced.magnification, prediction: enhanced.prediction }
        : undefined,
    enhanceFault,
    quality,
    cells,
    cellsSeenIn,
    cellsSkipped,
    times,
  };
}
