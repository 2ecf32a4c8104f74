import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClassifiedFrame } from '../../pipeline/frame.ts';
import { type Controls, LivePublisher, type LiveSettings } from '../../server/live.ts';
import { type CommandResult, LIVE_NAMESPACE, type ServiceState, type ViewerToServer } from '../../server/protocol.ts';
import { connectViewer, type ReceivedFrame, type ViewerClient } from '../fixtures/viewer.ts';

const STATE = { protocolVersion: 1 } as unknown as ServiceState;
const SIZE = 64;

function frame(sequence: number): ClassifiedFrame {
  const plane = (size: number, value: number) => ({
    sizeX: size,
    sizeY: size,
    samplesPerPixel: 1 as const,
    pixelType: 'uint16' as const,
    data: new Uint16Array(size * size).fill(value),
  });
  return {
    meta: {
      sequence,
      index: { t: sequence, c: 0, z: 0 },
      name: `f${sequence}`,
      arrivedMs: Date.now(),
      completedBy: '',
    },
    raw: plane(SIZE, sequence),
    description: {},
    times: {},
    normalisation: { offset: 0, scale: 100, source: 'test' },
    history: [],
    enhanced: {
      plane: plane(2 * SIZE, 16 * sequence),
      intensityScale: 1 / 16,
      magnification: 2,
      prediction: {
        predicted: true,
        modelId: 'm',
        modelVersion: '1',
        modelSha256: '',
        license: '',
        precision: 'int8',
        provider: 'cpu',
        ladderStep: 0,
        tiles: 1,
      },
    },
  };
}

describe('LivePublisher', () => {
  let server: Server;
  let live: LivePublisher;
  let url: string;
  let asked: unknown[][];

  const settings: LiveSettings = { most: 3, maxUnacknowledged: 2, maxRate: 1000 };
  const note = (...call: unknown[]) => (asked.push(call), Promise.resolve());
  const controls: Controls = {
    chooseModel: async (id) => (id === 'none' ? Promise.reject(new Error('no such model: none')) : note('model', id)),
    chooseCells: (id) => note('cells', id),
    choosePolicy: (policy) => note('policy', policy),
    startSource: () => note('start'),
    stopSource: () => note('stop'),
    record: (on) => note('record', on),
    mark: (text) => note('mark', text),
  };

  beforeEach(async () => {
    asked = [];
    const http = createServer();
    server = new Server(http, { transports: ['websocket'] });
    live = new LivePublisher(
      server.of(LIVE_NAMESPACE),
      settings,
      controls,
      () => STATE,
      () => undefined,
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  const viewer = async (onFrame: (frame: ReceivedFrame) => void): Promise<ViewerClient> =>
    (await connectViewer(url, { onFrame })).client;

  it('sends both pictures to the bit, with what is needed to read them', async () => {
    const got: ReceivedFrame[] = [];
    await viewer((received) => got.push(received));
    live.beginSession('s1');
    live.publish(frame(7));
    await expect.poll(() => got.length).toBe(1);
    const { header, raw, enhanced } = got[0] as ReceivedFrame;
    expect(header).toMatchObject({
      sessionId: 's1',
      sequence: 7,
      raw: { sizeX: 64, encoding: 'uint16le', intensityScale: 1 },
    });
    expect(header.enhanced).toMatchObject({
      sizeX: 128,
      intensityScale: 1 / 16,
      prediction: { predicted: true, modelId: 'm' },
    });
    expect(raw.readUInt16LE(0)).toBe(7);
    expect(raw).toHaveLength(SIZE * SIZE * 2);
    expect(enhanced?.readUInt16LE(0)).toBe(112);
  });

  it('sends no more than the window to a viewer that does not answer, and then the newest', async () => {
    const slow: ReceivedFrame[] = [];
    const quick: number[] = [];
    await viewer((received) => slow.push(received));
    await viewer(({ header, received }) => (quick.push(header.sequence), received()));
    for (let sequence = 0; sequence < 30; sequence++) {
      live.publish(frame(sequence));
      await sleep(4);
    }
    await expect.poll(() => quick.at(-1)).toBe(29);
    expect(quick.length).toBeGreaterThan(25);
    expect(slow.map(({ header }) => header.sequence)).toEqual([0, 1]);
    slow[0]?.received();
    await expect.poll(() => slow.length).toBe(3);
    expect(slow[2]?.header).toMatchObject({ sequence: 29, skippedForYou: 27 });
    slow[0]?.received(); // A second answer to the same frame is no second credit.
    live.publish(frame(30));
    await sleep(50);
    expect(slow).toHaveLength(3);
  });

  it('keeps to the rate that a viewer asks for, and still shows it the last frame', async () => {
    const got: number[] = [];
    const client = await viewer(({ header, received }) => (got.push(header.sequence), received()));
    await new Promise<CommandResult>((resolve) => client.emit('settings', { maxRate: 20 }, resolve));
    const startedMs = performance.now();
    for (let sequence = 0; sequence < 40; sequence++) {
      live.publish(frame(sequence));
      await sleep(12);
    }
    await expect.poll(() => got.at(-1)).toBe(39);
    const intervals = (performance.now() - startedMs) / 50;
    expect(got.length).toBeLessThanOrEqual(intervals + 2);
    expect(got.length).toBeGreaterThan(1);
    expect(got).toEqual([...got].sort((a, b) => a - b));
  });

  it('shows the newest frame to a tab that was hidden', async () => {
    const got: number[] = [];
    const client = await viewer(({ header, received }) => (got.push(header.sequence), received()));
    const want = (wantsFrames: boolean) =>
      new Promise<CommandResult>((resolve) => client.emit('settings', { wantsFrames }, resolve));
    await want(false);
    live.publish(frame(5));
    await want(true);
    await expect.poll(() => got).toEqual([5]);
  });

  it('tells a viewer how long its frames are on their way, without the time that it held them', async () => {
    const trips: (number | undefined)[] = [];
    await viewer(({ header, received }) => {
      trips.push(header.roundTripMs);
      if (header.sequence === 2) return received('long' as never);
      const cameMs = performance.now();
      setTimeout(() => received(performance.now() - cameMs), 200);
    });
    for (const sequence of [1, 2, 3]) {
      live.publish(frame(sequence));
      await expect.poll(() => trips.length).toBe(sequence);
      await sleep(250);
    }
    expect(trips[0]).toBeUndefined();
    expect(trips[1]).toBeLessThan(150);
    expect(trips[2]).toBeGreaterThanOrEqual(0);
  });

  it('sends JPEG through the asked window to thin links, and nothing to hidden tabs', async () => {
    const got: ReceivedFrame[] = [];
    const client = await viewer((received) => (got.push(received), received.received()));
    const set = (wanted: Parameters<ViewerToServer['settings']>[0]) =>
      new Promise<CommandResult>((resolve) => client.emit('settings', wanted, resolve));
    expect(await set({ encoding: 'jpeg', window: [0, 50] })).toEqual({ ok: true });
    live.publish(frame(25));
    await expect.poll(() => got.length).toBe(1);
    expect(got[0]?.header.enhanced).toMatchObject({ encoding: 'jpeg', intensityScale: 50 / 255 });
    expect(got[0]?.raw.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    expect(await set({ wantsFrames: false })).toEqual({ ok: true });
    live.publish(frame(26));
    await sleep(50);
    expect(got).toHaveLength(1);
    expect(await set({ window: [5, 1] })).toMatchObject({ ok: false });
    expect(await set({ unknown: 1 } as never)).toMatchObject({ ok: false });
  });

  it('passes commands on, and answers refusals with their reason', async () => {
    const client = await viewer(() => undefined);
    const ask = (act: (done: (result: CommandResult) => void) => void) => new Promise<CommandResult>(act);
    expect(await ask((done) => client.emit('chooseModel', 'lumen-m', done))).toEqual({ ok: true });
    expect(await ask((done) => client.emit('chooseModel', 'none', done))).toEqual({
      ok: false,
      problem: 'no such model: none',
    });
    expect(await ask((done) => client.emit('choosePolicy', 'all' as never, done))).toMatchObject({ ok: false });
    expect(await ask((done) => client.emit('mark', 'here', done))).toEqual({ ok: true });
    expect(await ask((done) => client.emit('record', true, done))).toEqual({ ok: true });
    expect(asked).toEqual([
      ['model', 'lumen-m'],
      ['mark', 'here'],
      ['record', true],
    ]);
  });

  it('tells every viewer of a mark, and one that comes later of those that stand', async () => {
    const first = await connectViewer(url);
    live.beginSession('s');
    const mark = { id: 'a', sessionId: 's', atMs: 5, text: 'fission', sequence: 3 };
    live.sendMark(mark);
    live.sendMark({ ...mark, id: 'b' });
    live.sendMark({ ...mark, id: 'b', removed: true });
    await expect
      .poll(() => first.marks.flat().map(({ id, removed }) => [id, removed]))
      .toEqual([
        ['a', undefined],
        ['b', undefined],
        ['b', true],
      ]);

    const late = await connectViewer(url);
    await expect.poll(() => late.marks).toEqual([[mark]]);
  });

  it('refuses a flood of commands, and hears the viewer again a second later', async () => {
    const client = await viewer(() => undefined);
    const mark = () => new Promise<CommandResult>((resolve) => client.emit('mark', 'x', resolve));
    const results = await Promise.all(Array.from({ length: 200 }, mark));
    expect(results.filter(({ ok }) => ok).length).toBeLessThanOrEqual(100);
    expect(results.at(-1)).toEqual({ ok: false, problem: 'more than 50 commands a second' });
    await sleep(1100);
    expect(await mark()).toEqual({ ok: true });
  });

  it('survives viewers that send nonsense', async () => {
    const client = await viewer(() => undefined);
    const raw = client as unknown as { emit: (...args: unknown[]) => void };
    for (const nonsense of [[], [null], [{}, 'no callback'], [1, 2, 3]]) {
      for (const event of ['settings', 'chooseModel', 'record', 'mark', 'startSource']) raw.emit(event, ...nonsense);
    }
    await sleep(50);
    const got: ReceivedFrame[] = [];
    await viewer((received) => got.push(received));
    live.publish(frame(1));
    await expect.poll(() => got.length).toBe(1);
  });

  it('takes no more viewers than it may', async () => {
    for (let count = 0; count < settings.most; count++) await viewer(() => undefined);
    await expect(viewer(() => undefined)).rejects.toThrow('3 viewers');
  });
});
