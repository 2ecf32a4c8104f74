import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArrivedFrame, SourceEvent } from '../../../pipeline/frame.ts';
import { createTcpSource, type TcpSourceOptions } from '../../../pipeline/source/tcp.ts';
import { framesOf, numberOfFrame, takeUntil } from './coordinateFrames.ts';
import { connectTo, encodeTcp, headerOf, pixelsOf, tcpFrame } from './wire.ts';

let stop: AbortController;
beforeEach(() => void (stop = new AbortController()));
afterEach(() => stop.abort());

async function listen(options: Partial<TcpSourceOptions> = {}) {
  const source = createTcpSource({ host: '127.0.0.1', port: 0, ...options });
  const events = source.events(stop.signal)[Symbol.asyncIterator]();
  return { events, address: await source.listening };
}

async function take(events: AsyncIterator<SourceEvent>, count: number): Promise<SourceEvent[]> {
  return takeUntil(events, (taken) => taken.length >= count);
}

async function numbers(events: readonly SourceEvent[]): Promise<number[]> {
  return Promise.all(framesOf(events).map(numberOfFrame));
}

describe('TCP source', () => {
  it('delivers what the header says', async () => {
    const { events, address } = await listen();
    const { socket } = await connectTo(address);
    const stated = {
      c: 1,
      z: 2,
      physicalSizeX: 0.065,
      exposureTime: 0.05,
      deltaT: 1.25,
      channelName: 'GFP',
      acquisitionName: 'mitosis',
      metadata: { laser: 3 },
    };
    socket.write(tcpFrame(7, stated));
    const [event] = await take(events, 1);
    const frame = event as ArrivedFrame;
    expect(frame).toMatchObject({
      name: `127.0.0.1:${socket.localPort}#7`,
      completedBy: 'tcp',
      description: {
        index: { t: 7, c: 1, z: 2 },
        significantBits: 12,
        physicalSizeX: 0.065,
        exposureTime: 0.05,
        deltaT: 1.25,
        channelName: 'GFP',
        acquisitionName: 'mitosis',
        statedMetadata: { laser: 3 },
      },
    });
    expect(await numberOfFrame(frame)).toBe(7);
    socket.destroy();
  });

  it('reads the bytes that docs/protocols.md shows', async () => {
    const { events, address } = await listen();
    const { socket, answer } = await connectTo(address);
    socket.write(Buffer.from('53434F500100370004000000', 'hex'));
    socket.write('{"sequence":0,"sizeX":2,"sizeY":1,"pixelType":"uint16"}');
    socket.end(Buffer.from('01000201', 'hex'));
    expect(await take(events, 1)).toMatchObject([
      { payload: { plane: { sizeX: 2, sizeY: 1, pixelType: 'uint16', data: Uint16Array.of(1, 258) } } },
    ]);
    expect(await answer).toBe('ok 1\n');
  });

  it('tells a sender that ends in order how many frames were taken', async () => {
    const { events, address } = await listen();
    const { socket, answer } = await connectTo(address);
    socket.end(Buffer.concat([tcpFrame(0), tcpFrame(1)]));
    expect(await numbers(await take(events, 2))).toEqual([0, 1]);
    expect(await answer).toBe('ok 2\n');
  });

  it('puts frames together from whatever pieces arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), async (cuts) => {
        const { events, address } = await listen();
        const { socket, answer } = await connectTo(address);
        const stream = Buffer.concat([tcpFrame(0), tcpFrame(1), tcpFrame(2)]);
        const received = take(events, 3);
        let at = 0;
        for (const cut of cuts) {
          socket.write(stream.subarray(at, (at += cut)));
          await sleep(1);
        }
        socket.end(stream.subarray(at));
        expect(await numbers(await received)).toEqual([0, 1, 2]);
        expect(await answer).toBe('ok 3\n');
        stop.abort();
        stop = new AbortController();
      }),
      { numRuns: 15 },
    );
  });

  it('takes several senders at once, each in its own order', async () => {
    const { events, address } = await listen();
    const senders = await Promise.all([connectTo(address), connectTo(address)]);
    senders.forEach(({ socket }, i) => {
      socket.end(Buffer.concat(Array.from({ length: 10 }, (_, n) => tcpFrame(i * 100 + n))));
    });
    const taken = await numbers(await take(events, 20));
    expect(taken.filter((n) => n < 100)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(taken.filter((n) => n >= 100)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]);
  });

  it('holds back a sender that is faster than the consumer', async () => {
    const { events, address } = await listen();
    const { socket } = await connectTo(address);
    const side = 1024;
    const pixels = Buffer.alloc(side * side * 2);
    const count = 40; // 80 MB: far more than the buffers of the system hold
    let sent = 0;
    for (let n = 0; n < count; n += 1) {
      socket.write(
        encodeTcp({ sequence: n, sizeX: side, sizeY: side, pixelType: 'uint16' }, pixels),
        () => (sent += 1),
      );
    }
    await sleep(300);
    expect(sent).toBeLessThan(count / 2);
    expect((await take(events, count)).length).toBe(count);
    socket.destroy();
  });

  it('names and counts a gap in the numbers, also over a reconnection under one name', async () => {
    const { events, address } = await listen();
    const first = await connectTo(address);
    first.socket.end(Buffer.concat([tcpFrame(0), tcpFrame(3), tcpFrame(4)]));
    expect(await take(events, 4)).toMatchObject([
      { type: 'frame' },
      { type: 'missing', count: 2, reason: `gap 1..2 in the sequence of 127.0.0.1:${first.socket.localPort}` },
      { type: 'frame' },
      { type: 'frame' },
    ]);
    const second = await connectTo(address);
    second.socket.end(tcpFrame(5, { sender: 'camera' }));
    expect(await take(events, 1)).toMatchObject([{ name: 'camera#5' }]);
    const third = await connectTo(address);
    third.socket.end(tcpFrame(7, { sender: 'camera' }));
    expect(await take(events, 2)).toMatchObject([
      { type: 'missing', count: 1, reason: 'gap 6 in the sequence of camera' },
      { name: 'camera#7' },
    ]);
  });

  it('counts a frame whose sender was killed in the middle of it', async () => {
    const { events, address } = await listen();
    const script = `
      const socket = require('node:net').connect(${address.port}, '${address.address}');
      socket.write(Buffer.from('${Buffer.concat([tcpFrame(0), tcpFrame(1).subarray(0, 200)]).toString('base64')}', 'base64'));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script]);
    expect(await numbers(await take(events, 1))).toEqual([0]);
    await sleep(100);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const [missing] = await take(events, 1);
    expect(missing).toMatchObject({ type: 'missing', count: 1 });
    expect((missing as { reason: string }).reason).toMatch(/^frame 1 of 127\.0\.0\.1:\d+ was cut off$/);
  });

  it('names the address when it cannot listen', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const source = createTcpSource({ host: '127.0.0.1', port });
    const next = source.events(stop.signal)[Symbol.asyncIterator]().next();
    await expect(next).rejects.toThrow(`cannot take frames at 127.0.0.1:${port}`);
    await expect(source.listening).rejects.toThrow('EADDRINUSE');
    other.close();
  });
});

describe('TCP source: hostile or broken senders', () => {
  const good = headerOf(0);
  const pixels = pixelsOf(0);
  const cases: [what: string, bytes: Buffer, says: string][] = [
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'error a frame begins with SCOP\n'],
    ['another version', encodeTcp(good, pixels, { version: 2 }), 'version 2 of the protocol is not spoken here'],
    ['a header that is too long', encodeTcp(good, pixels, { headerBytes: 20_000 }), 'a header of 20000 bytes'],
    ['a header that is no JSON', encodeTcp(good, pixels, { headerBytes: 7 }), 'the header is not JSON'],
    ['a header that is no object', encodeTcp([1], pixels), 'error'],
    ['an unknown field', encodeTcp({ ...good, sizeU: 8 }, pixels), 'sizeU'],
    ['a missing field', encodeTcp({ ...good, sizeX: undefined }, pixels), 'sizeX'],
    ['a size of nothing', encodeTcp({ ...good, sizeX: 0 }, pixels), 'sizeX'],
    ['more bits than there are', encodeTcp({ ...good, significantBits: 17 }, pixels), 'significantBits 17'],
    [
      'a frame beyond the limit',
      encodeTcp({ ...good, sizeX: 65_535, sizeY: 65_535 }, pixels),
      'more than 1000000 are taken',
    ],
    ['a length that lies', encodeTcp(good, pixels, { pixelBytes: 127 }), '127 bytes of pixels are announced'],
    ['control characters', encodeTcp({ ...good, sender: 'a\nb' }, pixels), 'control characters'],
  ];

  it.each(cases)('tells a sender of %s what is wrong, and goes on with the others', async (_, bytes, says) => {
    const { events, address } = await listen({ limits: { maxFrameBytes: 1_000_000 } });
    const bad = await connectTo(address);
    bad.socket.write(bytes);
    const answer = await bad.answer;
    expect(answer).toMatch(/^error [^\n]*\n$/);
    expect(answer).toContain(says);
    const { socket } = await connectTo(address);
    socket.end(tcpFrame(5));
    expect(await numbers(await take(events, 1))).toEqual([5]);
  });

  it('asks for the token before it takes any pixels', async () => {
    const { events, address } = await listen({ token: 'secret' });
    for (const token of [undefined, 'wrong']) {
      const { socket, answer } = await connectTo(address);
      socket.write(encodeTcp({ ...good, token }, Buffer.alloc(0), { pixelBytes: 128 }));
      expect(await answer).toBe('error the token is missing or wrong\n');
    }
    const { socket } = await connectTo(address);
    socket.end(Buffer.concat([tcpFrame(1, { token: 'secret' }), tcpFrame(2)]));
    expect(await numbers(await take(events, 2))).toEqual([1, 2]);
  });

  it('lets nobody hold a place for long who has not shown the token', async () => {
    const { address } = await listen({ token: 'secret', limits: { frameTimeoutMs: 150, idleTimeoutMs: 60_000 } });
    const stranger = await connectTo(address);
    expect(await stranger.answer).toBe('error no frame for 0.15 s\n');
  });

  it('closes connections that are too slow or idle, and refuses too many', async () => {
    const limits = { frameTimeoutMs: 150, idleTimeoutMs: 300, maxConnections: 2 };
    const { address } = await listen({ limits });
    const slow = await connectTo(address);
    const idle = await connectTo(address);
    const surplus = await connectTo(address);
    expect(await surplus.answer).toBe('error no more than 2 senders at a time\n');
    const drip = setInterval(() => slow.socket.write('S'), 40);
    expect(await slow.answer).toMatch(/^error (a frame took too long to arrive|a frame begins with SCOP)\n$/);
    clearInterval(drip);
    expect(await idle.answer).toBe('error no frame for 0.3 s\n');
  });

  it('refuses a flood of connections from one address, and takes them again a second later', async () => {
    const { events, address } = await listen({ limits: { maxConnectionsPerSecond: 3 } });
    const flood = await Promise.all(Array.from({ length: 6 }, () => connectTo(address)));
    for (const { socket } of flood) socket.end();
    const answers = await Promise.all(flood.map(({ answer }) => answer));
    expect(answers.filter((answer) => answer === 'ok 0\n')).toHaveLength(3);
    expect(answers.filter((answer) => answer === 'error more than 3 connections a second\n')).toHaveLength(3);
    await sleep(1100);
    const { socket } = await connectTo(address);
    socket.end(tcpFrame(4));
    expect(await numbers(await take(events, 1))).toEqual([4]);
  });

  it('does not count the time for which it holds a sender back', async () => {
    const { events, address } = await listen({ limits: { frameTimeoutMs: 100, idleTimeoutMs: 100 } });
    const { socket, answer } = await connectTo(address);
    socket.end(Buffer.concat([tcpFrame(0), tcpFrame(1), tcpFrame(2)]));
    await sleep(400);
    expect(await numbers(await take(events, 3))).toEqual([0, 1, 2]);
    expect(await answer).toBe('ok 3\n');
  });

  it('outlives any bytes', async () => {
    const { events, address } = await listen();
    void takeUntil(events, () => false);
    const whole = tcpFrame(0);
    const damaged = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const hostile = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 300 }).map(Buffer.from),
      fc.nat(whole.length).map((n) => whole.subarray(0, n)),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (bytes) => {
        const { socket, answer } = await connectTo(address);
        socket.end(bytes);
        expect(await answer).toMatch(/^(ok \d+|error [^\n]*)\n$/);
      }),
      { numRuns: 150 },
    );
  });
});
