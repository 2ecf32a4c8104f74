/** Joins everything: settings in, a running service out. The only place that knows all the parts. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { interval } from 'rxjs';
import { Server } from 'socket.io';
import { createEnhancer } from '../models/enhancer/enhancer.ts';
import { createLogger } from '../monitoring/logger.ts';
import { createMetrics } from '../monitoring/metrics.ts';
import { PathMonitor } from '../monitoring/monitor.ts';
import { createAssessor } from '../pipeline/assess/assessor.ts';
import { decodeArrived } from '../pipeline/decode/registry.ts';
import { SessionError } from '../pipeline/errors.ts';
import type { ClassifiedFrame, Quality } from '../pipeline/frame.ts';
import type { LedgerTotals } from '../pipeline/ledger.ts';
import type { Source } from '../pipeline/ports.ts';
import { createNormaliser } from '../pipeline/normalise.ts';
import { createRecorder } from '../pipeline/record/recorder.ts';
import { nullRecorder } from '../pipeline/record/nullRecorder.ts';
import { socketIoBufferBytes } from '../pipeline/source/socketIo.ts';
import { isSameOrigin, isToken, requireSafeAddress } from './auth.ts';
import type { Config } from './config/schema.ts';
import { createHttp } from './http.ts';
import { type Controls, type LiveNamespace, LivePublisher } from './live.ts';
import { PACKAGE_ROOT, SOFTWARE_VERSION } from './packageRoot.ts';
import { INGEST_NAMESPACE, LIVE_NAMESPACE, type LiveStats, PROTOCOL_VERSION, type ServiceState } from './protocol.ts';
import { SessionRunner } from './session.ts';
import { createSource, defaultPolicy } from './sources.ts';
import { warningsFor } from './warnings.ts';

export interface Service {
  /** Where viewers go: `http://127.0.0.1:8470/`. */
  readonly url: string;
  readonly state: ServiceState;
  readonly totals: LedgerTotals;
  /** Resolves when the source has ended by itself. */
  ended(): Promise<void>;
  /** Finishes the frames on their way, closes the recording, then the doors. */
  close(): Promise<void>;
}

/** What a caller may bring along instead of what the settings describe. */
export interface ServiceParts {
  readonly createSource?: () => Source;
}

const STATS_EVERY_MS = 1000;
/** Viewers send settings and notes, never pixels. */
const VIEWER_MESSAGE_BYTES = 64 * 1024;

/** Starts the service and its source. Throws ConfigError, SourceError or ProviderError when it cannot, and leaves nothing open. */
export async function createService(config: Config, parts: ServiceParts = {}): Promise<Service> {
  const closers: Closer[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  return joinService(config, parts, closers, close).catch(async (error: unknown) => {
    await close();
    throw error;
  });
}

/** Undoes one step of the start; they run in reverse order. */
type Closer = () => unknown;

async function joinService(
  config: Config,
  parts: ServiceParts,
  closers: Closer[],
  close: () => Promise<void>,
): Promise<Service> {
  requireSafeAddress(config.host, config.token);
  const log = createLogger(config.logLevel);

  const decodeLimits = { maxPixels: config.limits.framePixels, maxFileBytes: config.limits.frameBytes };
  const policy = config.policy === 'auto' ? defaultPolicy(config.source.kind) : config.policy;
  const enhancer = await createEnhancer({
    model: config.model.id,
    zooFolders: [join(PACKAGE_ROOT, 'models/zoo'), ...config.model.folders],
    provider: config.model.provider,
    threads: config.model.threads,
    runTimeoutMs: config.model.timeoutMs,
    policy,
    onEvent: (event) => log.warn({ event }, 'the inference process'),
  });
  closers.push(() => enhancer.close());

  let quality: Quality | undefined;
  const metrics = createMetrics({
    inFlight: () => monitor.framesInFlight,
    waiting: () => monitor.framesWaiting,
    viewers: () => live.viewers,
    enhancer: () => enhancer.status,
    recording: () => session.recording,
    quality: () => quality,
  });
  const monitor = new PathMonitor(metrics, log);
  const loopDelay = monitorEventLoopDelay({ resolution: 5 });
  loopDelay.enable();
  closers.push(() => loopDelay.disable());
  const eventLoopDelayMs = () => Math.max(0, loopDelay.max / 1e6 - 5);

  const http = await createHttp({
    host: config.host,
    token: config.token,
    metrics,
    clientFolder: join(PACKAGE_ROOT, 'dist/client'),
    health: () => ({
      sessionState: session.state,
      enhancer: enhancer.status,
      recording: session.recording,
      eventLoopDelayMs: eventLoopDelayMs(),
    }),
    review: async () => undefined,
  });
  closers.push(() => http.close());
  const sockets = new Server(http.server, {
    serveClient: false,
    transports: ['websocket'],
    maxHttpBufferSize:
      config.source.kind === 'socketio' ? socketIoBufferBytes(config.limits.frameBytes) : VIEWER_MESSAGE_BYTES,
    allowRequest: (request, done) => done(null, isSameOrigin(request.headers, config.host)),
  });
  closers.push(() => sockets.close());
  const withToken = (socket: { handshake: { auth: Record<string, unknown> } }, next: (error?: Error) => void) =>
    next(isToken(config.token, socket.handshake.auth.token) ? undefined : new Error('this service asks for its token'));
  const liveNamespace: LiveNamespace = sockets.of(LIVE_NAMESPACE);
  const ingestNamespace = sockets.of(INGEST_NAMESPACE);
  liveNamespace.use(withToken);
  ingestNamespace.use(withToken);

  const controls: Controls = {
    chooseModel: async (id) => {
      const isOfSameShape = enhancer.registry.get(id).magnification === enhancer.model.magnification;
      const choose = () => enhancer.chooseModel(id);
      await (isOfSameShape ? choose() : session.betweenSessions(choose));
      stateChanged();
    },
    choosePolicy: async (chosen) => {
      enhancer.choosePolicy(chosen);
      session.choosePolicy(chosen);
    },
    startSource: async () => session.start(),
    stopSource: () => session.stop(),
    record: async (on) => session.record(on),
    mark: async () => {
      throw new SessionError('marks are kept with a recording: switch the recording on first');
    },
  };
  const live = new LivePublisher(liveNamespace, config.viewers, controls, currentState, (outcome) =>
    metrics.shown.inc({ outcome }),
  );

  const session = new SessionRunner({
    createSource: parts.createSource ?? (() => createSource(config, ingestNamespace, log)),
    lasting: {
      decode: (frame) => decodeArrived(frame, decodeLimits),
      createNormaliser: () => createNormaliser(),
      createAssessor: (acquisition) => createAssessor(acquisition),
      enhancer,
      classifier: () => undefined,
      publisher: {
        publish: (frame: ClassifiedFrame) => {
          quality = frame.quality ?? quality;
          live.publish(frame);
        },
      },
      monitor,
    },
    recorder: createRecorder({
      root: config.record.folder,
      codec: config.record.codec,
      fsync: config.record.fsync,
      onDiskTrouble: config.record.onDiskTrouble,
      softwareVersion: SOFTWARE_VERSION,
      constants: () => ({
        policy: session.policy,
        model: enhancer.status,
        source: { kind: config.source.kind, name: session.source?.name },
      }),
    }),
    nullRecorder,
    policy,
    maxFramesInFlight: config.maxFramesInFlight,
    stated: config.acquisition,
    record: config.record.enabled,
    changed: () => {
      if (session.state === 'failed') log.error({ because: session.because }, 'the session has failed');
      stateChanged();
    },
    opened: (acquisition) => {
      live.beginSession(acquisition.id);
      log.info({ acquisition: acquisition.id, name: acquisition.name }, 'a session begins');
    },
    finished: (totals, because) => log.info({ totals, because }, 'a session ends'),
  });

  function currentState(): ServiceState {
    const { acquisition } = session;
    return {
      protocolVersion: PROTOCOL_VERSION,
      softwareVersion: SOFTWARE_VERSION,
      session: acquisition && { id: acquisition.id, acquisition, state: session.state, because: session.because },
      source: session.source ?? { kind: config.source.kind, name: '', running: false },
      policy: session.policy,
      models: enhancer.registry.models,
      enhancer: enhancer.status,
      recording: session.recording,
      mayControl: true,
    };
  }

  function stateChanged(): void {
    live.sendState(currentState());
  }

  function currentStats(): LiveStats {
    const { window } = monitor;
    const ended = window.ended;
    return {
      atMs: Date.now(),
      rateIn: window.arrived,
      rateRecorded: window.recorded,
      rateEnhanced: ended.enhanced ?? 0,
      latencyMs: window.latencyMs(),
      stageMs: window.stageMs(),
      inFlight: monitor.framesInFlight,
      maxFramesInFlight: config.maxFramesInFlight,
      waitingForModel: monitor.framesWaiting,
      totals: session.totals,
      superseded: ended.superseded ?? 0,
      enhancer: enhancer.status,
      recording: session.recording,
      viewers: live.viewers,
      eventLoopDelayMs: eventLoopDelayMs(),
      warnings: warningsFor({
        session: session.state,
        because: session.because,
        enhancer: enhancer.status,
        recording: session.recording,
        window,
        quality,
        eventLoopDelayMs: eventLoopDelayMs(),
      }),
    };
  }

  const everySecond = interval(STATS_EVERY_MS).subscribe(() => {
    live.sendStats(currentStats());
    monitor.logSecond();
    monitor.window.reset();
    loopDelay.reset();
  });

  closers.push(() => everySecond.unsubscribe());

  await http.listen({ host: config.host, port: config.port });
  const { port } = http.server.address() as AddressInfo;
  closers.push(() => session.stop());
  session.start();

  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}/`,
    get state() {
      return currentState();
    },
    get totals() {
      return session.allTotals;
    },
    ended: () => session.ended(),
    close,
  };
}
