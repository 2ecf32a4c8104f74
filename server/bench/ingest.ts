/** How fast raw frames can be taken in and kept, none lost, whatever the model does. */

import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArrivedFrame, Plane } from '../../pipeline/frame.ts';
import { siblingModule, startThread } from '../../pipeline/thread.ts';
import { createService, type Service } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import type { Target } from './senders.ts';
import type { SendOrder } from './senderThread.ts';
import { type Figure, perSecond } from './table.ts';

/** A source, and how frames get to it. */
interface Way {
  readonly what: string;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly target: (service: Service) => Target;
}

const LONGEST_MS = 120_000;

/** Sends `count` frames by each way as fast as the service takes them, recording all; from the first that arrives to the last that is kept. */
export async function ingest(frames: readonly ArrivedFrame[], count: number): Promise<Figure[]> {
  const planes = frames.flatMap(({ payload }) => (payload.kind === 'plane' ? [payload.plane] : []));
  const scratch = await mkdtemp(join(tmpdir(), 'scopestream-bench-'));
  const figures: Figure[] = [];
  try {
    const folder = join(scratch, 'export');
    await mkdir(folder);
    for (const way of ways(folder, await freePort())) {
      figures.push(await run(way, join(scratch, 'recordings'), planes, count));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return figures;
}

function ways(folder: string, port: number): Way[] {
  return [
    {
      what: 'folder',
      flags: { 'source.kind': 'folder', 'source.folder.path': folder, 'source.folder.existing': 'all' },
      target: () => ({ kind: 'folder', folder }),
    },
    {
      what: 'TCP',
      flags: { 'source.kind': 'tcp', 'source.tcp.port': port },
      target: () => ({ kind: 'tcp', port }),
    },
    {
      what: 'socket.io',
      flags: { 'source.kind': 'socketio' },
      target: ({ url }) => ({ kind: 'socketio', url }),
    },
  ];
}

async function run(way: Way, recordings: string, planes: readonly Plane[], count: number): Promise<Figure> {
  const { what, flags, target } = way;
  const recording = { 'record.enabled': true, 'record.folder': recordings };
  const common = { port: 0, logLevel: 'error', 'model.id': 'bicubic', policy: 'newest' };
  const service = await createService(loadConfig({ flags: { ...common, ...recording, ...flags } }));
  const order: SendOrder = { target: target(service), planes, count };
  const sender = startThread(siblingModule(import.meta.url, './senderThread'), { workerData: order });
  try {
    while (service.totals.arrived === 0) await sleep(1); // The sender gets ready.
    const startedMs = performance.now();
    while (service.totals.recorded < count && performance.now() - startedMs < LONGEST_MS) await sleep(10);
    const seconds = (performance.now() - startedMs) / 1000;
    const { recorded, missing, corrupt } = service.totals;
    const values = {
      recorded: perSecond(recorded / seconds),
      of: String(count),
      lost: String(count - recorded + missing + corrupt),
    };
    return { what: `ingest and record, ${what}`, values };
  } finally {
    await sender.terminate();
    await service.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
