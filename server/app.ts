/** Joins everything: settings in, a running service out. The only place that knows all the parts. */

import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { interval } from 'rxjs';
import { openCellRegistry } from '../models/classifier/cellRegistry.ts';
import type { LookEvent } from '../models/classifier/settings.ts';
import { createEnhancer } from '../models/enhancer/enhancer.ts';
import { createLogger } from '../monitoring/logger.ts';
import { createMetrics } from '../monitoring/metrics.ts';
import { PathMonitor } from '../monitoring/monitor.ts';
import { createAssessor } from '../pipeline/assess/assessor.ts';
import { decodeArrived } from '../pipeline/decode/registry.ts';
import { ConfigError, messageOf } from '../pipeline/errors.ts';
import type { ClassifiedFrame } from '../pipeline/frame.ts';
import type { LedgerTotals } from '../pipeline/ledger.ts';
import { createNormaliser } from '../pipeline/normalise.ts';
import type { Source } from '../pipeline/ports.ts';
import { nullRecorder } from '../pipeline/record/nullRecorder.ts';
import { createRecorder } from '../pipeline/record/recorder.ts';
import { requireSafeAddress } from './auth.ts';
import { CellsSwitch } from './cells.ts';
import type { Config } from './config/schema.ts';
import { createControls } from './controls.ts';
import { domainsOf } from './domains.ts';
import { createHttp } from './http.ts';
import { LivePublisher } from './live.ts';
import { PACKAGE_ROOT, SOFTWARE_VERSION } from './packageRoot.ts';
import type { ServiceState } from './protocol.ts';
import { stateOf, statsOf } from './report.ts';
import { reviewRoutes } from './review.ts';
import { SessionRunner } from './session.ts';
import { createSockets } from './sockets.ts';
import { createSource, defaultPolicy, replayedSession } from './sources.ts';

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
  /** Folder of the built page; default: the one of this package. */
  readonly clientFolder?: string;
}

const STATS_EVERY_MS = 1000;

/** Starts the service and its source. Throws ConfigError, EnhanceError or ProviderError when it cannot, and leaves nothing open. */
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
  requireSafeAddress('host', config.host, config.token);
  if (config.source.kind === 'tcp') requireSafeAddress('source.tcp.host', config.source.tcp.host, config.token);
  const log = createLogger(config.logLevel);
  const recordings = resolve(config.record.folder);

  const decodeLimits = { maxPixels: config.limits.framePixels, maxFileBytes: config.limits.frameBytes };
  const policy = config.policy === 'auto' ? defaultPolicy(config.source.kind) : config.policy;
  const zooFolders = [join(PACKAGE_ROOT, 'models/zoo'), ...config.model.folders];
  const enhancer = await createEnhancer({
    model: config.model.id,
    zooFolders,
    provider: config.model.provider,
    threads: config.model.threads,
    runTimeoutMs: config.model.timeoutMs,
    policy,
    onEvent: (event) => log.warn({ event }, 'the inference process'),
  });
  closers.push(() => enhancer.close());
  const domains = domainsOf(enhancer.registry);
  const cells = new CellsSwitch(
    await openCellRegistry(zooFolders),
    {
      budgetMs: config.cells.budgetMs,
      compareEveryMs: config.cells.compareEveryMs,
      channel: config.cells.channel,
      threads: config.cells.threads,
      finderScale: config.cells.scale,
      sourceWaits: () => config.source.kind === 'replay' && session.policy === 'every',
      onLook: (event) => onLook(event),
      onEvent: (event) => log.warn({ event }, 'the process that looks at cells'),
    },
    config.cells.enabled ? config.cells.model : undefined,
    () => session.tellOfChange(),
  );
  closers.push(() => cells.close());

  let newest: ClassifiedFrame | undefined;
  const metrics = createMetrics({
    inFlight: () => monitor.framesInFlight,
    waiting: () => monitor.framesWaiting,
    viewers: () => live.viewers,
    enhancer: () => enhancer.status,
    recording: () => session.recording,
    quality: () => newest?.quality,
    cells: () => cells.counts && { labels: cells.state.labels, ...cells.counts },
  });
  const monitor = new PathMonitor(metrics, log);
  const onLook = (event: LookEvent) => {
    if (event.kind === 'looked') monitor.cellsLooked(event.ms, event.flips);
    else if (event.kind === 'skipped') monitor.cellsPassedOver(event.because);
  };
  const loopDelay = monitorEventLoopDelay({ resolution: 5 });
  loopDelay.enable();
  closers.push(() => loopDelay.disable());
  const eventLoopDelayMs = () => Math.max(0, loopDelay.max / 1e6 - 5);

  const http = await createHttp({
    host: config.host,
    token: config.token,
    metrics,
    clientFolder: parts.clientFolder ?? join(PACKAGE_ROOT, 'dist/client'),
    health: () => ({
      sessionState: session.state,
      enhancer: enhancer.status,
      recording: session.recording,
      eventLoopDelayMs: eventLoopDelayMs(),
    }),
    review: reviewRoutes(recordings, (mark) => live.sendMark(mark)),
  });
  closers.push(() => http.close());
  const sockets = createSockets(http.server, config);
  closers.push(() => sockets.close());
  const session: SessionRunner = new SessionRunner({
    createSource: parts.createSource ?? (() => createSource(config, sockets.ingest, log)),
    lasting: {
      decode: (frame) => decodeArrived(frame, decodeLimits),
      createNormaliser: () => createNormaliser(),
      createAssessor: (acquisition) =>
        createAssessor(acquisition, { domains, skipped: (pixels) => monitor.assessSkipped(pixels) }),
      enhancer,
      classifier: () => cells.classifier,
      publisher: {
        publish: (frame: ClassifiedFrame) => {
          newest = frame;
          live.publish(frame);
        },
      },
      monitor,
    },
    recorder: createRecorder({
      root: recordings,
      codec: config.record.codec,
      fsync: config.record.fsync,
      onDiskTrouble: config.record.onDiskTrouble,
      softwareVersion: SOFTWARE_VERSION,
      constants: ({ samplesPerPixel }) => ({
        policy: session.policy,
        model: enhancer.statusFor(samplesPerPixel),
        source: { kind: config.source.kind, name: session.source?.name },
        replayOf: replayedSession(config),
      }),
    }),
    nullRecorder,
    policy,
    maxFramesInFlight: config.maxFramesInFlight,
    stated: config.acquisition,
    record: config.record.enabled,
    changed: () => {
      if (session.state === 'failed') log.error({ because: session.because }, 'the session has failed');
      live.sendState(currentState());
    },
    opened: (acquisition) => {
      newest = undefined;
      live.beginSession(acquisition.id);
      cells.beginSession(acquisition);
      log.info({ acquisition: acquisition.id, name: acquisition.name }, 'a session begins');
    },
    finished: (totals, because) => log.info({ totals, because }, 'a session ends'),
  });

  const currentState = () => stateOf(session, enhancer, cells, config.source.kind);
  const live = new LivePublisher(
    sockets.live,
    config.viewers,
    createControls(
      session,
      enhancer,
      cells,
      () => newest?.meta,
      (mark) => live.sendMark(mark),
    ),
    currentState,
    (outcome) => monitor.viewed(outcome),
  );

  let toldAcquisition = session.acquisition;
  const everySecond = interval(STATS_EVERY_MS).subscribe(() => {
    // Channels are learnt as their frames come.
    if (session.acquisition !== toldAcquisition) live.sendState(currentState());
    toldAcquisition = session.acquisition;
    const momentary = {
      viewers: live.viewers,
      eventLoopDelayMs: eventLoopDelayMs(),
      quality: newest?.quality,
      cells: cells.counts,
    };
    const { maxFramesInFlight } = config;
    live.sendStats(statsOf(session, enhancer, monitor, { maxFramesInFlight, ...momentary }));
    monitor.logSecond();
    monitor.window.reset();
    loopDelay.reset();
  });

  closers.push(() => everySecond.unsubscribe());

  await http.listen({ host: config.host, port: config.port }).catch((error: unknown) => {
    throw new ConfigError(`port = ${config.port}: cannot listen there: ${messageOf(error)}`, { cause: error });
  });
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
