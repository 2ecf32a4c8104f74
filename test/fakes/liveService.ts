/**
 * A service of pictures only, for the viewer's tests: a real HTTP and socket.io server that serves the built page and
 * speaks `server/protocol.ts`. It records the commands that reach it.
 */

import { createServer, type Server as HttpServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import {
  LIVE_NAMESPACE,
  type CommandResult,
  type LiveFrameHeader,
  type LiveStats,
  type ServerToViewer,
  type ServiceState,
  type ViewerSettings,
  type ViewerToServer,
} from '../../server/protocol.ts';
import type { Acquisition, Cell } from '../../pipeline/frame.ts';
import type { FakeFrame, Values } from './frames.ts';
import { acquisitionOf, PREDICTION, qualityOf, stateOf, statsOf } from './sayings.ts';

export interface FakeOptions {
  /** Frames/s; 0 sends one frame to each viewer that comes. */
  readonly rate: number;
  readonly frame: (sequence: number) => FakeFrame;
  readonly acquisition?: Partial<Acquisition>;
  readonly cells?: (sequence: number) => readonly Cell[];
  readonly stats?: Partial<LiveStats>;
  readonly state?: Partial<ServiceState>;
  /** Folder of the built page. */
  readonly page?: string;
  readonly port?: number;
}

export interface FakeService {
  readonly url: string;
  readonly commands: (readonly [name: string, ...values: unknown[]])[];
  readonly settings: ViewerSettings[];
  /** Acknowledged frames of all viewers. */
  readonly received: () => number;
  /** Cuts every viewer's line, as a broken network would; they may come back. */
  dropViewers(): void;
  setStats(stats: Partial<LiveStats>): void;
  /** Somebody else marks the newest frame. */
  mark(text: string): void;
  close(): Promise<void>;
}

const BUILT_PAGE = new URL('../../dist/client/', import.meta.url).pathname;
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const MAX_UNACKNOWLEDGED = 2;

export async function startFakeService(options: FakeOptions): Promise<FakeService> {
  const http = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
    const file = join(options.page ?? BUILT_PAGE, path === '/' ? 'index.html' : path);
    readFile(file).then(
      (content) =>
        response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  const io = new Server<ViewerToServer, ServerToViewer>(http, { transports: ['websocket'] });
  const fake = new Fake(io.of(LIVE_NAMESPACE) as never, options);
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    commands: fake.commands,
    settings: fake.settings,
    received: () => fake.received,
    dropViewers: () => io.of(LIVE_NAMESPACE).sockets.forEach((socket) => socket.conn.close()),
    setStats: (stats) => (fake.statsChange = stats),
    mark: (text) => fake.mark(text),
    close: () => close(io, http, fake),
  };
}

async function close(io: Server, http: HttpServer, fake: Fake): Promise<void> {
  fake.stop();
  http.closeAllConnections();
  await io.close();
}

type Viewer = Socket<ViewerToServer, ServerToViewer>;

class Fake {
  readonly commands: (readonly [string, ...unknown[]])[] = [];
  readonly settings: ViewerSettings[] = [];
  received = 0;
  statsChange: Partial<LiveStats>;
  readonly #options: FakeOptions;
  readonly #viewers = new Map<
    Viewer,
    { unacknowledged: number; wantsFrames: boolean; skipped: number; roundTripMs?: number }
  >();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #acquisition: Acquisition;
  #sequence = 0;
  #state: ServiceState;

  constructor(namespace: Server<ViewerToServer, ServerToViewer>, options: FakeOptions) {
    this.#options = options;
    this.statsChange = options.stats ?? {};
    this.#acquisition = acquisitionOfFake(options);
    this.#state = { ...stateOf(this.#acquisition), ...options.state };
    namespace.on('connection', (viewer) => this.#join(viewer));
    if (options.rate > 0) this.#timers.push(setInterval(() => this.#tick(), 1000 / options.rate));
    this.#timers.push(setInterval(() => this.#everyone((viewer) => viewer.emit('stats', this.#stats())), 1000));
  }

  stop(): void {
    this.#timers.forEach((timer) => clearInterval(timer));
  }

  #join(viewer: Viewer): void {
    this.#viewers.set(viewer, { unacknowledged: 0, wantsFrames: true, skipped: 0 });
    viewer.on('disconnect', () => this.#viewers.delete(viewer));
    viewer.on('settings', (settings) => {
      this.settings.push(settings);
      if (settings.wantsFrames !== undefined) this.#viewers.get(viewer)!.wantsFrames = settings.wantsFrames;
    });
    const command = (change: Partial<ServiceState>, ...what: readonly [string, ...unknown[]]): void => {
      this.commands.push(what);
      this.#state = { ...this.#state, ...change };
      this.#everyone((other) => other.emit('state', this.#state));
    };
    const ok: CommandResult = { ok: true };
    viewer.on('chooseModel', (id, done) => {
      command({ enhancer: { ...this.#state.enhancer, modelId: id, steps: [id, 'bicubic'] } }, 'chooseModel', id);
      done(ok);
    });
    viewer.on('choosePolicy', (policy, done) => {
      command({ policy }, 'choosePolicy', policy);
      done(ok);
    });
    const source = (running: boolean): Partial<ServiceState> => ({ source: { ...this.#state.source, running } });
    viewer.on('startSource', (done) => {
      command(source(true), 'startSource');
      done(ok);
    });
    viewer.on('stopSource', (done) => {
      command(source(false), 'stopSource');
      done(ok);
    });
    viewer.on('record', (on, done) => {
      const recording = { ...this.#state.recording, state: on ? ('recording' as const) : ('closed' as const) };
      command({ recording }, 'record', on);
      this.#everyone((other) => other.emit('stats', this.#stats()));
      done(ok);
    });
    viewer.on('mark', (note, done) => {
      command({}, 'mark', note);
      if (note === 'refuse') return done({ ok: false, problem: 'There is no frame to mark yet.' });
      this.mark(note);
      done(ok);
    });
    viewer.emit('state', this.#state);
    viewer.emit('stats', this.#stats());
    if (this.#options.rate === 0) this.#send(viewer, this.#sequence++);
  }

  /** A mark on the newest frame, as everybody hears of it. */
  mark(text: string): void {
    const sequence = this.#sequence;
    const mark = { id: `mark-${sequence}-${text}`, sessionId: this.#acquisition.id, atMs: Date.now(), text, sequence };
    this.#everyone((viewer) => viewer.emit('marks', [mark]));
  }

  #everyone(tell: (viewer: Viewer) => void): void {
    for (const viewer of this.#viewers.keys()) tell(viewer);
  }

  #tick(): void {
    if (!this.#state.source.running) return;
    const sequence = this.#sequence++;
    for (const [viewer, credit] of this.#viewers) {
      if (!credit.wantsFrames) continue;
      if (credit.unacknowledged < MAX_UNACKNOWLEDGED) this.#send(viewer, sequence);
      else credit.skipped++;
    }
  }

  #send(viewer: Viewer, sequence: number): void {
    const credit = this.#viewers.get(viewer)!;
    const frame = this.#options.frame(sequence);
    credit.unacknowledged++;
    const header = {
      ...this.#header(sequence, frame),
      skippedForYou: credit.skipped,
      roundTripMs: credit.roundTripMs,
    };
    credit.skipped = 0;
    const emittedMs = performance.now();
    viewer.emit('frame', header, bytesOf(frame.raw), frame.enhanced ? bytesOf(frame.enhanced) : null, (heldMs = 0) => {
      credit.unacknowledged--;
      credit.roundTripMs = performance.now() - emittedMs - heldMs;
      this.received++;
    });
  }

  #header(sequence: number, frame: FakeFrame): Omit<LiveFrameHeader, 'skippedForYou'> {
    const nowMs = Date.now();
    const encoding = frame.raw instanceof Uint16Array ? 'uint16le' : 'uint8';
    const shape = { samplesPerPixel: frame.samplesPerPixel, encoding, intensityOffset: 0 } as const;
    return {
      sessionId: this.#acquisition.id,
      sequence,
      index: { t: sequence, c: frame.channel ?? 0, z: 0 },
      name: `fake#${sequence}`,
      arrivedMs: nowMs - 21,
      sentMs: nowMs,
      raw: { ...shape, sizeX: frame.sizeX, sizeY: frame.sizeY, intensityScale: 1 },
      ...(frame.enhanced && {
        enhanced: {
          ...shape,
          sizeX: frame.sizeX * 2,
          sizeY: frame.sizeY * 2,
          intensityScale: frame.enhancedScale,
          magnification: 2,
          prediction: PREDICTION,
        },
      }),
      quality: qualityOf(sequence),
      cells: this.#options.cells?.(sequence) ?? [],
      times: { decode: 0.8, record: 0.6, normalise: 0.2, enhance: 15, assess: 3, publish: 0.9 },
    };
  }

  #stats(): LiveStats {
    const { rate } = this.#options;
    const stats = statsOf({ arrived: this.#sequence, rate, state: this.#state, viewers: this.#viewers.size });
    return { ...stats, ...this.statsChange };
  }
}

const bytesOf = (values: Values): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const acquisitionOfFake = ({ frame, acquisition }: FakeOptions): Acquisition => ({
  ...acquisitionOf(frame(0)),
  ...acquisition,
});

/** What a service says of itself that sends these frames. */
export const stateOfFake = (options: FakeOptions): ServiceState => stateOf(acquisitionOfFake(options));
