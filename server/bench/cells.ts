/** The stage that finds and names cells: its networks beside an enhancer at work on the same computer, and the whole path in colour. */

import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { CellClient } from '../../models/classifier/cellClient.ts';
import { openCellRegistry } from '../../models/classifier/cellRegistry.ts';
import { DEFAULT_CELL_SETTINGS } from '../../models/classifier/settings.ts';
import { testFrame, testRequest } from '../../models/executionProvider.ts';
import { loadRung } from '../../models/enhancer/rungs.ts';
import { DEFAULT_SETTINGS } from '../../models/enhancer/settings.ts';
import { InferenceClient } from '../../models/inferenceClient.ts';
import { openRegistry } from '../../models/registry.ts';
import { percentilesOf } from '../../monitoring/secondWindow.ts';
import type { ArrivedFrame, Plane } from '../../pipeline/frame.ts';
import { createService } from '../app.ts';
import { SHIPPED_ZOO } from '../cli/models.ts';
import { loadConfig } from '../config/load.ts';
import { LIVE_NAMESPACE, type LiveStats, type ServerToViewer, type ViewerToServer } from '../protocol.ts';
import { memorySource, renderFrames } from './frames.ts';
import { type Figure, ms, perSecond, processorMeter } from './table.ts';

/** Colour fields of a blood smear, as cameras on microscopes give them. */
const FIELD = { preset: 'smear', sizeX: 640, sizeY: 480 } as const;
const IN_WORDS = '640x480 in colour';
/** Fields/s, and frames/s of the enhancer beside them. */
const RATE = 20;
const WARM_UP_MS = 4000;
const MEASURED_MS = 15_000;

export async function cells(modelId: string): Promise<Figure[]> {
  const fields = await renderFrames(FIELD);
  return [await networksBeside(modelId, fields), await wholePath(fields)];
}

/** Fields found and named while `modelId` enhances 256x256 frames, each in a process of its own. */
async function networksBeside(modelId: string, fields: readonly ArrivedFrame[]): Promise<Figure> {
  const planes = fields.flatMap(({ payload }) => (payload.kind === 'plane' ? [payload.plane] : []));
  const looker = steady(await lookAt(planes));
  const enhancer = steady(await enhanceWith(modelId));
  try {
    await sleep(WARM_UP_MS);
    looker.restart();
    enhancer.restart();
    const processor = processorMeter();
    await sleep(MEASURED_MS);
    return {
      what: `cells of ${IN_WORDS} beside ${modelId}, ${RATE}/s wanted of each`,
      values: {
        'looked at': `${looker.perSecond().toFixed(1)} fields/s`,
        'a look': ms(looker.median()),
        enhanced: perSecond(enhancer.perSecond()),
        processor: processor(),
      },
    };
  } finally {
    await looker.close();
    await enhancer.close();
  }
}

/** The service with colour frames, cells on, and a viewer that looks at the numbers. */
async function wholePath(fields: readonly ArrivedFrame[]): Promise<Figure> {
  const config = loadConfig({
    flags: { port: 0, logLevel: 'error', 'model.id': 'bicubic', policy: 'newest', 'cells.enabled': true },
  });
  const service = await createService(config, {
    createSource: () => memorySource(fields, { rate: RATE, count: Infinity }),
  });
  const url = `${service.url.replace(/\/$/, '')}${LIVE_NAMESPACE}`;
  const viewer: Socket<ServerToViewer, ViewerToServer> = io(url, { transports: ['websocket'] });
  try {
    viewer.emit('settings', { wantsFrames: false }, () => undefined);
    await sleep(WARM_UP_MS);
    const seconds: LiveStats[] = [];
    viewer.on('stats', (stats) => seconds.push(stats));
    const processor = processorMeter();
    await sleep(MEASURED_MS);
    const mean = (of: (stats: LiveStats) => number | undefined) =>
      seconds.reduce((sum, stats) => sum + (of(stats) ?? 0), 0) / seconds.length;
    return {
      what: `whole path with cells, ${IN_WORDS} at ${RATE}/s, bicubic`,
      values: {
        'looked at': `${mean(({ cells: seen }) => seen?.looks).toFixed(1)} fields/s`,
        'passed over': `${mean(({ cells: seen }) => seen?.passedOver).toFixed(1)} fields/s`,
        shown: perSecond(mean(({ rateEnhanced }) => rateEnhanced)),
        latency: ms(mean(({ latencyMs }) => latencyMs?.p50)),
        processor: processor(),
      },
    };
  } finally {
    viewer.close();
    await service.close();
  }
}

/** What is done over and over, and how to end it. */
interface Work {
  once(): Promise<unknown>;
  close(): Promise<void>;
}

async function lookAt(planes: readonly Plane[]): Promise<Work> {
  const registry = await openCellRegistry([SHIPPED_ZOO]);
  const finder = registry.get('smear-find');
  const client = new CellClient(DEFAULT_CELL_SETTINGS);
  await client.load({ finder, namer: registry.namerFor(finder), threads: DEFAULT_CELL_SETTINGS.threads });
  let number = 0;
  return {
    once: () => {
      const { data, ...shape } = planes[number++ % planes.length];
      const plane = { ...shape, magnification: 1, intensityScale: 1 };
      return client.look({ planes: [plane], offset: 0, scale: 255, fullScale: 255, finderScale: 1 }, [data]);
    },
    close: () => client.close(),
  };
}

async function enhanceWith(modelId: string): Promise<Work> {
  const settings = { ...DEFAULT_SETTINGS, zooFolders: [SHIPPED_ZOO] };
  const client = new InferenceClient(settings);
  const { key } = await loadRung(client, (await openRegistry(settings.zooFolders)).get(modelId), settings);
  const frame = testFrame();
  return { once: () => client.run(key, testRequest(frame), [frame]), close: () => client.close() };
}

/** Does the work `RATE` times a second where it can, one at a time. */
function steady({ once, close }: Work) {
  let isOn = true;
  let startedMs = performance.now();
  let timesMs: number[] = [];
  const working = (async () => {
    let dueMs = performance.now();
    while (isOn) {
      const beganMs = performance.now();
      await once();
      timesMs.push(performance.now() - beganMs);
      dueMs = Math.max(dueMs + 1000 / RATE, performance.now());
      await sleep(dueMs - performance.now());
    }
  })();
  return {
    restart: () => {
      timesMs = [];
      startedMs = performance.now();
    },
    perSecond: () => (timesMs.length * 1000) / (performance.now() - startedMs),
    median: () => percentilesOf(timesMs)?.p50,
    close: async () => {
      isOn = false;
      await working;
      await close();
    },
  };
}
