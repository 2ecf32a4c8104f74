import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArrivedFrame, SourceEvent } from '../../../pipeline/frame.ts';
import type { IngestLimits } from '../../../pipeline/source/ingest/limits.ts';
import { createSocketIoSource, socketIoBufferBytes } from '../../../pipeline/source/socketIo.ts';
import { framesOf, numberOfFrame, takeUntil } from './coordinateFrames.ts';
import { connectSender, sendFrame, startIngestServer, type IngestServer } from './ingestServer.ts';
import { headerOf, pixelsOf } from './wire.ts';

let stop: AbortController;
let server: IngestServer;
let senders: Socket[];

beforeEach(async () => {
  stop = new AbortController();
  senders = [];
  server = await startIngestServer(socketIoBufferBytes(4_000_000));
});
afterEach(async () => {
  stop.abort();
  for (const sender of senders) sender.disconnect();
  await server.close();
});

function open(limits: Partial<IngestLimits> = {}): AsyncIterator<SourceEvent> {
  const source = createSocketIoSource({ namespace: server.namespace, limits: { maxFrameBytes: 4_000_000, ...limits } });
  return source.events(stop.signal)[Symbol.asyncIterator]();
}

async function sender(): Promise<Socket> {
  const socket = await connectSender(server.url);
  senders.push(socket);
  return socket;
}

async function takeFrames(events: AsyncIterator<SourceEvent>, count: number): Promise<ArrivedFrame[]> {
  return framesOf(await takeUntil(events, (taken) => taken.length >= count));
}

describe('socket.io source', () => {
  it('delivers frames and answers each when it has left the service', async () => {
    const events = open();
    const socket = await sender();
    let answered = false;
    const answer = sendFrame(socket, headerOf(3, { c: 1 }), pixelsOf(3)).finally(() => (answered = true));
    const [frame] = await takeFrames(events, 1);
    expect(await numberOfFrame(frame!)).toBe(3);
    expect(frame).toMatchObject({
      completedBy: 'socketio',
      description: { index: { t: 3, c: 1 }, significantBits: 12 },
    });
    await sleep(50);
    expect(answered).toBe(false);
    frame!.settled!();
    expect(await answer).toEqual({ ok: true });
  });

  it('takes frames that are larger than the default limit of socket.io', async () => {
    const events = open();
    const side = 1024;
    const answer = sendFrame(
      await sender(),
      { sequence: 0, sizeX: side, sizeY: side, pixelType: 'uint16' },
      Buffer.alloc(side * side * 2, 1),
    );
    const [frame] = await takeFrames(events, 1);
    frame!.settled!();
    expect(await answer).toEqual({ ok: true });
  });

  it('refuses what a sender sends beyond its credit, and tells it', async () => {
    const events = open({ maxUnacknowledged: 2 });
    const socket = await sender();
    const answers = [0, 1, 2].map((n) => sendFrame(socket, headerOf(n), pixelsOf(n)));
    const refused = await answers[2];
    expect(refused).toMatchObject({ ok: false });
    const frames = await takeFrames(events, 2);
    for (const frame of frames) frame.settled!();
    await Promise.all(answers);
    const again = sendFrame(socket, headerOf(2), pixelsOf(2));
    const [third] = await takeFrames(events, 1);
    third!.settled!();
    expect(await again).toEqual({ ok: true });
  });

  it('names and counts a gap in the numbers', async () => {
    const events = open();
    const socket = await sender();
    void sendFrame(socket, headerOf(0, { sender: 'camera' }), pixelsOf(0)).catch(() => undefined);
    void sendFrame(socket, headerOf(4, { sender: 'camera' }), pixelsOf(4)).catch(() => undefined);
    expect(await takeUntil(events, (taken) => taken.length >= 3)).toMatchObject([
      { name: 'camera#0' },
      { type: 'missing', count: 3, reason: 'gap 1..3 in the sequence of camera' },
      { name: 'camera#4' },
    ]);
  });

  it.each([
    ['an unknown field', { ...headerOf(0), sizeU: 1 }, pixelsOf(0), 'sizeU'],
    ['no header', undefined, pixelsOf(0), 'expected object'],
    ['text for pixels', headerOf(0), 'pixels', 'must be binary'],
    ['too few pixels', headerOf(0), Buffer.alloc(5), '5 bytes of pixels were sent'],
    ['too large a frame', { ...headerOf(0), sizeX: 9000, sizeY: 9000 }, Buffer.alloc(5), 'more than 4000000 are taken'],
  ])('answers %s with the problem and stays connected', async (_, header, pixels, problem) => {
    const events = open();
    const socket = await sender();
    const answer = await sendFrame(socket, header, pixels);
    expect(answer.ok).toBe(false);
    expect(answer.ok || answer.problem).toContain(problem);
    void sendFrame(socket, headerOf(1), pixelsOf(1)).catch(() => undefined);
    expect(await numberOfFrame((await takeFrames(events, 1))[0]!)).toBe(1);
  });

  it('refuses frames that ask for no acknowledgement, and too many senders', async () => {
    open({ maxConnections: 1 });
    const socket = await sender();
    const refused = new Promise((resolve) => socket.once('refused', resolve));
    socket.emit('frame', headerOf(0), pixelsOf(0));
    expect(await refused).toContain('acknowledgement');
    const surplus = await connectSender(server.url);
    senders.push(surplus);
    await new Promise<void>((resolve) =>
      surplus.disconnected ? resolve() : surplus.once('disconnect', () => resolve()),
    );
    expect(socket.connected).toBe(true);
  });

  it('disconnects a sender of nothing but bad frames, and says why', async () => {
    open({ maxRefusalsPerSecond: 5 });
    const socket = await sender();
    const reasons: string[] = [];
    socket.on('refused', (reason: string) => void reasons.push(reason));
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    for (let n = 0; n < 20; n++) socket.emit('frame', { sequence: n }, pixelsOf(n), () => undefined);
    await gone;
    expect(reasons).toEqual([expect.stringMatching(/^more than 5 frames were refused in a second: /)]);
  });

  it('serves senders that were connected before it was opened', async () => {
    const socket = await sender();
    await sleep(50);
    const events = open();
    void sendFrame(socket, headerOf(1), pixelsOf(1)).catch(() => undefined);
    expect(await numberOfFrame((await takeFrames(events, 1))[0]!)).toBe(1);
  });
});
