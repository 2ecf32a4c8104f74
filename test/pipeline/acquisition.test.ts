import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { acquire } from '../../pipeline/acquisition.ts';
import { Feed, type Policy } from '../../pipeline/flow.ts';
import type { SourceEvent } from '../../pipeline/frame.ts';
import { balances } from '../../pipeline/ledger.ts';
import { arrivedFrame, fakePorts, feedOf } from '../fakes/ports.ts';

const never = new AbortController().signal;
const every = { policy: (): Policy => 'every', maxFramesInFlight: 4 };
const newest = { policy: (): Policy => 'newest', maxFramesInFlight: 6 };
const frames = (count: number) => Array.from({ length: count }, (_, number) => arrivedFrame(number));

describe('acquire', () => {
  it('under `every`, records, enhances and publishes each frame in order', async () => {
    const { ports, seen } = fakePorts();
    const outcome = await acquire(feedOf(frames(20)), ports, every, never).finished;
    expect(outcome).toMatchObject({
      reason: 'exhausted',
      totals: { arrived: 20, enhanced: 20, recorded: 20, inFlight: 0 },
    });
    for (const list of [seen.raw, seen.enhanced, seen.published]) {
      expect(list.map((frame) => frame.raw.data[0])).toEqual(Array.from({ length: 20 }, (_, n) => n));
      expect(list.map((frame) => frame.meta.index.t)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    }
    expect(seen.closedWith).toEqual(outcome.totals);
  });

  it('under `newest`, keeps every raw frame, enhances what the model has time for and counts the rest', async () => {
    const { ports, seen } = fakePorts();
    const { enhance } = ports.enhancer;
    const slow = {
      ...ports.enhancer,
      enhance: async (f: Parameters<typeof enhance>[0]) => (await sleep(10), enhance(f)),
    };
    async function* steady() {
      for (const frame of frames(60)) {
        yield frame;
        await sleep(1);
      }
    }
    const outcome = await acquire(new Feed<SourceEvent>(steady()), { ...ports, enhancer: slow }, newest, never)
      .finished;
    expect(seen.raw).toHaveLength(60);
    expect(outcome.totals.superseded).toBeGreaterThan(20);
    expect(outcome.totals.superseded + outcome.totals.enhanced).toBe(60);
    const shown = seen.published.map((frame) => frame.meta.sequence);
    expect(shown).toEqual([...shown].sort((a, b) => a - b));
    expect(shown.at(-1)).toBe(59);
  });

  it.each([
    ['newest', 12],
    ['every', 0],
  ] as const)(
    'under `%s` a sender has %i frames acknowledged while the model is at its first',
    async (policy, most) => {
      const { ports } = fakePorts();
      const { enhance } = ports.enhancer;
      let finish: (() => void) | undefined;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const busy = {
        ...ports.enhancer,
        enhance: async (f: Parameters<typeof enhance>[0]) => (await finished, enhance(f)),
      };
      let acknowledged = 0;
      const sent = frames(12).map((frame) => ({ ...frame, settled: () => (acknowledged += 1) }));
      const settings = { policy: () => policy, maxFramesInFlight: 4 };
      const running = acquire(feedOf(sent), { ...ports, enhancer: busy }, settings, never);
      await sleep(100);
      expect(acknowledged).toBe(most);
      finish?.();
      await running.finished;
      expect(acknowledged).toBe(12);
    },
  );

  it('hands a frame of another shape to the next session, and loses none behind it', async () => {
    const events = [arrivedFrame(0), arrivedFrame(1), arrivedFrame(2, 8), arrivedFrame(3, 8), arrivedFrame(4, 8)];
    const feed = feedOf(events);
    const first = fakePorts();
    const one = await acquire(feed, first.ports, every, never).finished;
    expect(one).toMatchObject({ reason: 'shape-changed', totals: { enhanced: 2, inFlight: 0 } });
    const second = fakePorts();
    const two = await acquire(feed, second.ports, every, never).finished;
    expect(two).toMatchObject({ reason: 'exhausted', totals: { enhanced: 3 } });
    expect(second.seen.raw.map((frame) => frame.raw.data[0])).toEqual([2, 3, 4]);
  });

  it('tells the recorder and the viewers of channels that are met on the way', async () => {
    const { ports, seen } = fakePorts();
    const events = [
      arrivedFrame(0, 4, { channelName: 'DAPI' }),
      arrivedFrame(1, 4, { channelName: 'GFP', emissionWavelength: 509 }),
      arrivedFrame(2, 4, { index: { c: 1 } }),
    ];
    const running = acquire(feedOf(events), ports, every, never);
    const { acquisition } = await running.finished;
    expect(acquisition?.channels).toEqual([{ name: 'DAPI' }, { name: 'GFP', emissionWavelength: 509 }]);
    const recorded = seen.raw.map(({ meta, description: { channelName } }) => [
      meta.index.c,
      meta.channelName,
      channelName,
    ]);
    expect(recorded).toEqual([
      [0, 'DAPI', 'DAPI'],
      [1, 'GFP', 'GFP'],
      [1, undefined, 'GFP'],
    ]);
  });

  it('ends the session, by name, when raw data cannot be kept, and accounts for what was on its way', async () => {
    const { ports, seen } = fakePorts();
    const recorder = {
      open: async (acquisition: Parameters<typeof ports.recorder.open>[0]) => {
        const recording = await ports.recorder.open(acquisition);
        return Object.assign(Object.create(recording) as typeof recording, {
          writeRaw: async (frame: Parameters<typeof recording.writeRaw>[0]) => {
            if (frame.meta.sequence === 3) throw new Error('no space left on device');
            await recording.writeRaw(frame);
          },
        });
      },
    };
    const outcome = await acquire(feedOf(frames(50)), { ...ports, recorder }, every, never).finished;
    expect(outcome).toMatchObject({ reason: 'record-failed', because: 'no space left on device' });
    expect(outcome.totals.unrecorded).toBeGreaterThanOrEqual(1);
    expect(seen.raw).toHaveLength(3);
    expect(balances(outcome.totals)).toBe(true);
    expect(outcome.totals.inFlight).toBe(0);
  });

  it('finishes what it has when the source fails, and then says why', async () => {
    const { ports, seen } = fakePorts();
    async function* failing() {
      yield* frames(5);
      throw new Error('cable pulled');
    }
    const running = acquire(new Feed<SourceEvent>(failing()), ports, every, never);
    await expect(running.finished).rejects.toThrow('cable pulled');
    expect(seen.published).toHaveLength(5);
    expect(seen.closedWith).toMatchObject({ enhanced: 5, inFlight: 0 });
  });

  it('leaves a frame that was on its way when it stopped to the next session', async () => {
    const gateway = new AbortController();
    let deliver: (() => void) | undefined;
    async function* late() {
      yield arrivedFrame(0);
      await new Promise<void>((resolve) => (deliver = resolve));
      yield arrivedFrame(1);
    }
    const feed = new Feed<SourceEvent>(late());
    const first = fakePorts({ publisher: { publish: () => setImmediate(() => gateway.abort()) } });
    expect(await acquire(feed, first.ports, every, gateway.signal).finished).toMatchObject({ reason: 'stopped' });
    deliver?.();
    const second = fakePorts();
    await acquire(feed, second.ports, every, never).finished;
    expect(second.seen.raw.map((frame) => frame.raw.data[0])).toEqual([1]);
  });

  it('balances for any speeds, faults, gaps, shapes, policies and stops', async () => {
    const fault = fc.constantFrom('none', 'none', 'none', 'decode', 'normalise', 'enhance', 'assess', 'publish');
    const event = fc.oneof(
      { weight: 8, arbitrary: fc.record({ fault, pause: fc.integer({ min: 0, max: 2 }), shape: fc.constant(4) }) },
      { weight: 1, arbitrary: fc.record({ missing: fc.integer({ min: 1, max: 9 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom<Policy>('every', 'newest'),
        fc.integer({ min: 0, max: 3 }),
        fc.option(fc.integer({ min: 1, max: 30 })),
        async (script, maxFramesInFlight, policy, modelMs, stopAfterMs) => {
          const { ports, seen } = fakePorts();
          const faultOf = new Map<string, string>();
          const failAt = (stage: string, name: string) => {
            if (faultOf.get(name) === stage) throw new Error(`${stage} failed`);
          };
          let settled = 0;
          let most = 0;
          async function* scripted(): AsyncGenerator<SourceEvent> {
            for (const [number, step] of script.entries()) {
              if ('missing' in step) {
                yield { type: 'missing', count: step.missing, reason: 'gap', noticedMs: 0 };
                continue;
              }
              if (step.pause) await sleep(step.pause);
              faultOf.set(`frame ${number}`, step.fault);
              yield { ...arrivedFrame(number), settled: () => (settled += 1) };
            }
          }
          const running = acquire(
            new Feed<SourceEvent>(scripted()),
            {
              ...ports,
              decode: (frame) => (failAt('decode', frame.name), ports.decode(frame)),
              createNormaliser: (acquisition) => (frame) => {
                failAt('normalise', frame.meta.name);
                return ports.createNormaliser(acquisition)(frame);
              },
              enhancer: {
                ...ports.enhancer,
                enhance: async (frame) => {
                  if (modelMs) await sleep(modelMs);
                  failAt('enhance', frame.meta.name);
                  return ports.enhancer.enhance(frame);
                },
              },
              createAssessor: (acquisition) => ({
                ...ports.createAssessor(acquisition),
                assess: async (frame) => {
                  failAt('assess', frame.meta.name);
                  return ports.createAssessor(acquisition).assess(frame);
                },
              }),
              publisher: { publish: (f) => (failAt('publish', f.meta.name), ports.publisher.publish(f)) },
              monitor: { ...ports.monitor, inFlight: (inside) => (most = Math.max(most, inside)) },
            },
            { policy: () => policy, maxFramesInFlight },
            stopAfterMs === null ? never : AbortSignal.timeout(stopAfterMs),
          );
          const watch = setInterval(() => expect(balances(running.totals)).toBe(true), 1);
          const { totals } = await running.finished.finally(() => clearInterval(watch));
          expect(balances(totals)).toBe(true);
          expect(totals.inFlight).toBe(0);
          expect(settled).toBe(totals.arrived);
          expect(seen.rows.length).toBeLessThanOrEqual(totals.arrived);
          expect(seen.raw).toHaveLength(totals.arrived - totals.corrupt);
          expect(most).toBeLessThanOrEqual(maxFramesInFlight);
          if (policy === 'every') expect(totals.superseded).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
