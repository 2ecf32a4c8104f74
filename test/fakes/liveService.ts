/**
 * A service of pictures only, for the viewer's tests: a real HTTP and socket.io server that serves the built page and
 * speaks `server/protocol.ts`, with a moving cell made of sums of Gaussians, or with one known frame. It records the
 * commands that reach it.
 */

import { createServer, type Server as HttpServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import {
  LIVE_NAMESPACE,
  PROTOCOL_VERSION,
  type CommandResult,
  type LiveFrameHeader,
  type LiveStats,
  type ServerToViewer,
  type ServiceState,
  type ViewerSettings,
  type ViewerToServer,
} from '../../server/protocol.ts';
import type { Acquisition, Cell, Prediction, Quality } from '../../pipeline/frame.ts';

type Values = Uint8Array | Uint16Array;

/** Pixels of one frame; `enhanced` has twice the size along x and y. */
export interface FakeFrame {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly raw: Values;
  readonly enhanced?: Values;
  /** Raw intensity of one stored enhanced unit. */
  readonly enhancedScale: number;
  readonly channel?: number;
}

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

export const PREDICTION: Prediction = {
  predicted: true,
  modelId: 'lumen-m',
  modelVersion: '1.2.0',
  modelSha256: 'f'.repeat(64),
  license: 'CC-BY-4.0',
  precision: 'fp32',
  provider: 'cpu',
  ladderStep: 0,
  tiles: 1,
};

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
  readonly #viewers = new Map<Viewer, { unacknowledged: number; wantsFrames: boolean; skipped: number }>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #acquisition: Acquisition;
  #sequence = 0;
  #state: ServiceState;

  constructor(namespace: Server<ViewerToServer, ServerToViewer>, options: FakeOptions) {
    this.#options = options;
    this.statsChange = options.stats ?? {};
    this.#acquisition = acquisition(options);
    this.#state = { ...initialState(this.#acquisition), ...options.state };
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
    const header = this.#header(sequence, frame, credit.skipped);
    credit.skipped = 0;
    viewer.emit('frame', header, bytesOf(frame.raw), frame.enhanced ? bytesOf(frame.enhanced) : null, () => {
      credit.unacknowledged--;
      this.received++;
    });
  }

  #header(sequence: number, frame: FakeFrame, skippedForYou: number): LiveFrameHeader {
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
      quality: quality(sequence),
      cells: this.#options.cells?.(sequence) ?? [],
      times: { decode: 0.8, record: 0.6, normalise: 0.2, enhance: 15, assess: 3, publish: 0.9 },
      skippedForYou,
    };
  }

  #stats(): LiveStats {
    const arrived = this.#sequence;
    const wobble = (): number => Math.sin(arrived / 37) + Math.sin(arrived / 11) * 0.5;
    const spread = (p50: number): { p50: number; p95: number; max: number } => {
      const now = p50 * (1 + 0.08 * wobble());
      return { p50: now, p95: now * 1.3, max: now * 1.9 };
    };
    const superseded = Math.floor(arrived * 0.004);
    return {
      atMs: Date.now(),
      rateIn: this.#state.source.running ? this.#options.rate : 0,
      rateRecorded: this.#options.rate,
      rateEnhanced: this.#state.source.running ? this.#options.rate * (1 - 0.02 * Math.abs(wobble())) : 0,
      latencyMs: spread(21),
      stageMs: {
        decode: spread(0.8),
        record: spread(0.6),
        normalise: spread(0.2),
        enhance: spread(15),
        assess: spread(3),
        publish: spread(0.9),
      },
      inFlight: 1,
      maxFramesInFlight: 8,
      waitingForModel: 0,
      totals: {
        arrived,
        missing: 0,
        recorded: arrived,
        inFlight: 1,
        enhanced: Math.max(arrived - superseded - 1, 0),
        unenhanced: 0,
        superseded,
        corrupt: 0,
        unrecorded: 0,
        carried: 0,
      },
      superseded,
      enhancer: this.#state.enhancer,
      recording: { ...this.#state.recording, rawFrames: arrived, bytesWritten: arrived * 131_072 },
      viewers: this.#viewers.size,
      eventLoopDelayMs: 1.2,
      warnings: [],
      ...this.statsChange,
    };
  }
}

const bytesOf = (values: Values): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function acquisition(options: FakeOptions): Acquisition {
  const { sizeX, sizeY, samplesPerPixel, raw } = options.frame(0);
  return {
    id: '20261121-004512-fake',
    name: 'HeLa 3, well B4',
    sourceKind: 'simulator',
    startedAt: new Date(Date.now() - 751_000).toISOString(),
    sizeX,
    sizeY,
    samplesPerPixel,
    pixelType: raw instanceof Uint16Array ? 'uint16' : 'uint8',
    significantBits: raw instanceof Uint16Array ? 12 : 8,
    physicalSizeX: 0.1,
    physicalSizeY: 0.1,
    channels: [{ name: 'MitoTracker', emissionWavelength: 599 }],
    lensNA: 1.2,
    ...options.acquisition,
  };
}

/** What a service says of itself that sends these frames. */
export const stateOfFake = (options: FakeOptions): ServiceState => initialState(acquisition(options));

function initialState(fakeAcquisition: Acquisition): ServiceState {
  const model = { license: 'CC-BY-4.0', magnification: 2, displayOnly: false, version: '1.2.0' };
  return {
    protocolVersion: PROTOCOL_VERSION,
    softwareVersion: '0.1.0',
    session: { id: fakeAcquisition.id, acquisition: fakeAcquisition, state: 'running' },
    source: { kind: 'simulator', name: 'fv-video', running: true },
    policy: 'newest',
    models: [
      { ...model, id: 'lumen-m', name: 'Lumen M', description: 'Denoises and doubles the sampling at video rate.' },
      { ...model, id: 'lumen-s', name: 'Lumen S', description: 'Smaller and faster.' },
      {
        ...model,
        id: 'bicubic',
        name: 'Bicubic',
        version: '1.0.0',
        license: 'Apache-2.0',
        description: 'Interpolation.',
      },
    ],
    enhancer: {
      modelId: 'lumen-m',
      modelVersion: '1.2.0',
      provider: 'cpu',
      refusals: { cuda: 'no CUDA device' },
      step: 0,
      steps: ['lumen-m', 'lumen-s', 'bicubic'],
      because: 'best',
      state: 'ready',
    },
    recording: {
      state: 'recording',
      path: '/data/sessions/20261121-004512-fake',
      rawFrames: 0,
      enhancedFrames: 0,
      bytesWritten: 0,
      freeBytes: 412e9,
      secondsLeft: 78_000,
    },
    mayControl: true,
  };
}

function quality(sequence: number): Quality {
  const slow = Math.sin(sequence / 90);
  return {
    measured: {
      mean: 212,
      saturated: 0,
      atZero: 0.0004,
      noiseSigma: 24.1 + slow,
      gain: 8.05,
      readNoise: 2.1,
      photonsBright: 12.4 + slow,
      photonsMean: 3.2,
      focus: 0.12,
      focusRelative: 0.94 + 0.03 * slow,
      drift: { x: 0.31, y: -0.42 },
      bidirectionalOffset: 0.12,
      resolution: 0.261,
      intensityKept: 0.97,
    },
    predicted: {
      uPsnr: 29.1 + 0.2 * slow,
      uPsnrGaussian: 26.4,
      chiSquared: 1.18,
      flagged: 0.001,
      predictedBandEnergy: 0.004,
      fluxRatio: 0.998,
      domain: { verdict: 'in' },
      verdict: 'green',
    },
  };
}

const MOVING_FRAMES = 50;

/** A moving cell: raw with shot noise at 256 x 256, and its clean picture at 512 x 512 with 16 stored units a raw unit. */
export function movingCell(): (sequence: number) => FakeFrame {
  const size = 256;
  const threads = Array.from({ length: 34 }, (_, k) => ({
    x: 128 + 82 * Math.cos(k * 2.4) * ((k % 7) / 7 + 0.25),
    y: 128 + 82 * Math.sin(k * 2.4) * ((k % 5) / 5 + 0.3),
    angle: k * 1.7,
    length: 10 + (k % 6) * 4,
    bend: ((k % 9) - 4) / 60,
  }));
  const made: FakeFrame[] = [];
  const make = (sequence: number): FakeFrame => {
    const clean = new Float32Array(size * 2 * size * 2);
    for (const { x, y, angle, length, bend } of threads) {
      for (let step = -length; step <= length; step++) {
        const turn = angle + bend * step + 0.25 * Math.sin(sequence / 40 + x);
        stamp(
          clean,
          2 * (x + step * Math.cos(turn) + 3 * Math.sin(sequence / 55 + y)),
          2 * (y + step * Math.sin(turn)),
        );
      }
    }
    const enhanced = Uint16Array.from(clean, (value) => Math.min((100 + value) * 16, 65_535));
    const raw = new Uint16Array(size * size);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const mean = clean[2 * y * 2 * size + 2 * x]!;
        const noise = (Math.random() + Math.random() + Math.random() - 1.5) * 2 * Math.sqrt(18 + mean * 8);
        raw[y * size + x] = Math.max(Math.round(100 + mean + noise), 0);
      }
    }
    return { sizeX: size, sizeY: size, samplesPerPixel: 1, raw, enhanced, enhancedScale: 1 / 16 };
  };
  // Made once and shown back and forth: making them costs more than sending them.
  return (sequence) => {
    const phase = sequence % (2 * MOVING_FRAMES);
    const number = phase < MOVING_FRAMES ? phase : 2 * MOVING_FRAMES - 1 - phase;
    return (made[number] ??= make(number));
  };
}

function stamp(picture: Float32Array, centreX: number, centreY: number): void {
  const size = Math.sqrt(picture.length);
  for (let j = Math.ceil(centreY) - 5; j <= centreY + 5; j++) {
    for (let i = Math.ceil(centreX) - 5; i <= centreX + 5; i++) {
      if (i < 0 || j < 0 || i >= size || j >= size) continue;
      picture[j * size + i]! += 70 * Math.exp(-((i - centreX) ** 2 + (j - centreY) ** 2) / 5);
    }
  }
}

/** A known frame, as it is. */
export const still =
  (frame: FakeFrame): ((sequence: number) => FakeFrame) =>
  () =>
    frame;
