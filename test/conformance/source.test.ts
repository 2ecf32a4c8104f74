import { getEventListeners } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countPages } from '../../pipeline/decode/registry.ts';
import type { ArrivedFrame, SourceEvent } from '../../pipeline/frame.ts';
import type { SessionReader, Source } from '../../pipeline/ports.ts';
import { createFolderSource } from '../../pipeline/source/folder/folder.ts';
import { createReplaySource } from '../../pipeline/source/replay.ts';
import { createSimulator } from '../../pipeline/source/simulator/simulator.ts';
import { createSocketIoSource } from '../../pipeline/source/socketIo.ts';
import { createTcpSource } from '../../pipeline/source/tcp.ts';
import {
  coordinatePlane,
  coordinateTiff,
  framesOf,
  numberOfFrame,
  SIZE,
  takeUntil,
} from '../pipeline/source/coordinateFrames.ts';
import { connectSender, sendFrame, startIngestServer, type IngestServer } from '../pipeline/source/ingestServer.ts';
import { connectTo, headerOf, pixelsOf, tcpFrame } from '../pipeline/source/wire.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

/** One way for frames to get into a source. */
interface Subject {
  readonly source: Source;
  /** Sends frames 0 .. count - 1 to the open source, as its sender would; a replay has them already. */
  feed(count: number): Promise<void>;
  /** The number of a frame; by default its pixels tell, and each pixel is checked. */
  numberOf?(frame: ArrivedFrame): number | Promise<number>;
}

const COUNT = 40;

let folder: string;
let server: IngestServer;
let sender: Socket | undefined;
let stop: AbortController;

beforeEach(async () => {
  folder = temporaryFolder('conformance');
  server = await startIngestServer(1_000_000);
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  sender?.disconnect();
  sender = undefined;
  await server.close();
});

const nothing = async (): Promise<void> => undefined;

async function fillFolder(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const temporary = join(folder, `frame_${n}.tmp`);
    await writeFile(temporary, coordinateTiff(n));
    await rename(temporary, join(folder, `frame_${n}.tif`));
  }
}

function recordedSession(count: number): SessionReader {
  return {
    acquisition: {
      id: '20260101-000000-test',
      name: 'test',
      sourceKind: 'simulator',
      startedAt: '2026-01-01T00:00:00Z',
      sizeX: SIZE,
      sizeY: SIZE,
      samplesPerPixel: 1,
      pixelType: 'uint16',
      significantBits: 16,
      channels: [],
    },
    async *frames() {
      for (let n = 0; n < count; n += 1) yield { index: { t: n, c: 0, z: 0 }, plane: coordinatePlane(n) };
    },
  };
}

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  folder: async () => ({ source: createFolderSource({ path: folder, countPages }), feed: fillFolder }),
  'folder by polling': async () => ({
    source: createFolderSource({ path: folder, countPages, polling: true, listEveryMs: 30, settleMs: 60 }),
    feed: fillFolder,
  }),
  tcp: async () => {
    const source = createTcpSource({ host: '127.0.0.1', port: 0 });
    const feed = async (count: number) => {
      const { socket } = await connectTo(await source.listening);
      for (let n = 0; n < count; n += 1) socket.write(tcpFrame(n));
      socket.end();
    };
    return { source, feed };
  },
  'socket.io': async () => {
    const source = createSocketIoSource({ namespace: server.namespace });
    const feed = async (count: number) => {
      sender = await connectSender(server.url);
      for (let n = 0; n < count; n += 1) await sendFrame(sender, headerOf(n), pixelsOf(n));
    };
    return { source, feed };
  },
  simulator: async () => ({
    source: createSimulator({ sizeX: 64, sizeY: 64, frames: COUNT, realTime: false }),
    feed: nothing,
    numberOf: ({ description }) => description.index!.t!,
  }),
  'replay of a folder': async () => {
    await fillFolder(COUNT);
    return { source: createReplaySource({ path: folder, rate: 'fast', countPages }), feed: nothing };
  },
  'replay of a stack': async () => {
    await writeFile(join(folder, 'stack.tif'), coordinateTiff(0, COUNT));
    return { source: createReplaySource({ path: join(folder, 'stack.tif'), rate: 500, countPages }), feed: nothing };
  },
  'replay of a session': async () => {
    const openSession = async () => recordedSession(COUNT);
    return { source: createReplaySource({ path: folder, rate: 'fast', countPages, openSession }), feed: nothing };
  },
};

/** Opens a source and asks for the first event, which is what sets it going. */
async function open(source: Source) {
  const events = source.events(stop.signal)[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<SourceEvent>> | undefined = events.next();
  await sleep(60);
  const next = (): Promise<IteratorResult<SourceEvent>> => {
    const event = first ?? events.next();
    first = undefined;
    return event;
  };
  return { events, next };
}

describe.each(Object.entries(SUBJECTS))('source conformance: %s', (_, create) => {
  it('delivers every frame once, in order, with its own pixels, and knows where it came from', async () => {
    const { source, feed, numberOf = numberOfFrame } = await create();
    const startedMs = Date.now();
    const opened = await open(source);
    const feeding = feed(COUNT).catch(() => undefined);
    const frames = framesOf(
      await takeUntil({ next: opened.next }, (taken) => {
        const last = taken.at(-1);
        if (last?.type === 'frame') last.settled?.();
        return taken.length === COUNT;
      }),
    );
    await feeding;
    expect(await Promise.all(frames.map((frame) => numberOf(frame)))).toEqual(
      Array.from({ length: COUNT }, (_, n) => n),
    );
    expect(new Set(frames.map(({ name }) => name)).size).toBe(COUNT);
    for (const { arrivedMs, completedBy } of frames) {
      expect(arrivedMs).toBeGreaterThan(startedMs - 1);
      expect(arrivedMs).toBeLessThanOrEqual(Date.now());
      expect(completedBy).not.toBe('');
    }
  });

  it('waits for a consumer that is slow at times', async () => {
    const { source, feed, numberOf = numberOfFrame } = await create();
    const opened = await open(source);
    const feeding = feed(12).catch(() => undefined);
    const seen: number[] = [];
    while (seen.length < 12) {
      const { value } = await opened.next();
      if (value?.type !== 'frame') throw new Error('a frame was expected');
      if (seen.length % 4 === 0) await sleep(60);
      seen.push(await numberOf(value));
      value.settled?.();
    }
    await feeding;
    expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => n));
  });

  it('ends when it is told to, and leaves nothing running', async () => {
    await expect.poll(openHandles, { timeout: 5000 }).toBe(ONLY_THE_TEST_SERVER);
    const { source, feed } = await create();
    const opened = await open(source);
    const feeding = feed(3).catch(() => undefined);
    const first = await opened.next();
    if (first.value?.type === 'frame') first.value.settled?.();
    stop.abort();
    for (let next = await opened.next(); !next.done; next = await opened.next());
    await feeding;
    sender?.disconnect();
    await expect.poll(openHandles, { timeout: 5000 }).toBe(ONLY_THE_TEST_SERVER);
  });

  it('leaves nothing running either when nobody asks for another frame', async () => {
    await expect.poll(openHandles, { timeout: 5000 }).toBe(ONLY_THE_TEST_SERVER);
    const { source, feed } = await create();
    const opened = await open(source);
    const feeding = feed(2).catch(() => undefined);
    await opened.next();
    stop.abort();
    await feeding;
    sender?.disconnect();
    await expect.poll(openHandles, { timeout: 5000 }).toBe(ONLY_THE_TEST_SERVER);
  });

  it('ends while it waits for a frame', async () => {
    const { source } = await create();
    const events = source.events(stop.signal)[Symbol.asyncIterator]();
    const taking = takeUntil(events, () => false);
    await sleep(60);
    stop.abort();
    await taking;
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('cleans up when the consumer leaves the loop, and leaves no listener on the signal', async () => {
    await expect.poll(openHandles, { timeout: 5000 }).toBe(ONLY_THE_TEST_SERVER);
    const { source, feed } = await create();
    const opened = await open(source);
    const feeding = feed(2).catch(() => undefined);
    await opened.next();
    await opened.events.return!();
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
    sender?.disconnect();
    await feeding;
    await expect.poll(openHandles, { timeout: 5000 }).toBe(ONLY_THE_TEST_SERVER);
  });

  it('delivers nothing when it is told to stop before it begins', async () => {
    const { source } = await create();
    stop.abort();
    for await (const event of source.events(stop.signal)) throw new Error(`unexpected ${event.type}`);
  });

  it('is opened once, and says so by name', async () => {
    const { source } = await create();
    source.events(stop.signal);
    expect(() => source.events(stop.signal)).toThrow(`${source.kind} source ${source.name} was opened twice`);
  });
});

const ONLY_THE_TEST_SERVER = 1;

/** Watchers, sockets and servers that are open. */
function openHandles(): number {
  return process.getActiveResourcesInfo().filter((kind) => /FSEvent|TCP|MessagePort/.test(kind)).length;
}
