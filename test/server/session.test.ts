import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { SourceEvent } from '../../pipeline/frame.ts';
import { balances } from '../../pipeline/ledger.ts';
import type { Recorder, Source } from '../../pipeline/ports.ts';
import { SessionRunner, type SessionSettings } from '../../server/session.ts';
import { arrivedFrame, fakePorts } from '../fakes/ports.ts';

/** A source that delivers a frame every 2 ms until its signal aborts, or until it fails. */
function steadySource(signals: AbortSignal[], failAfter = Infinity): Source {
  async function* events(signal: AbortSignal): AsyncGenerator<SourceEvent> {
    for (let number = 0; !signal.aborted; number++) {
      if (number === failAfter) throw new Error('cable pulled');
      yield arrivedFrame(number);
      await sleep(2);
    }
  }
  return {
    kind: 'test',
    name: 'test',
    events: (signal) => (signals.push(signal), events(signal)),
  };
}

function runner(overrides: Partial<SessionSettings> = {}) {
  const { ports, seen } = fakePorts();
  const signals: AbortSignal[] = [];
  const session = new SessionRunner({
    createSource: () => steadySource(signals),
    lasting: ports,
    recorder: ports.recorder,
    nullRecorder: ports.recorder,
    policy: 'every',
    maxFramesInFlight: 4,
    stated: {},
    record: true,
    changed: () => undefined,
    opened: () => undefined,
    finished: () => undefined,
    ...overrides,
  });
  return { session, seen, signals, ports };
}

/** Fails to keep the fourth frame, or to finish the recording. */
function failingRecorder(recorder: Recorder, at: 'writeRaw' | 'close'): Recorder {
  return {
    open: async (acquisition) => {
      const recording = await recorder.open(acquisition);
      const fail = () => Promise.reject(new Error('no space left on device'));
      return {
        ...recording,
        writeRaw: (frame) => (at === 'writeRaw' && frame.meta.sequence === 3 ? fail() : recording.writeRaw(frame)),
        close: (totals) => (at === 'close' ? fail() : recording.close(totals)),
      };
    },
  };
}

describe('SessionRunner', () => {
  it('closes the source when raw data cannot be kept, and can start again', async () => {
    const { ports } = fakePorts();
    const { session, signals } = runner({ recorder: failingRecorder(ports.recorder, 'writeRaw') });
    session.start();
    await session.ended();
    expect(session.state).toBe('failed');
    expect(session.because).toBe('raw data could not be kept: no space left on device');
    expect(signals[0]?.aborted).toBe(true);
    session.start();
    expect(session.recording.state).toBe('off');
    await session.ended();
    expect(signals).toHaveLength(2);
    expect(balances(session.allTotals)).toBe(true);
  });

  it('says so when a recording cannot be finished', async () => {
    const { ports } = fakePorts();
    const { session } = runner({ recorder: failingRecorder(ports.recorder, 'close') });
    session.start();
    await expect.poll(() => session.state).toBe('running');
    await session.stop();
    expect(session.because).toBe('raw data could not be kept: no space left on device');
  });

  it('does all that was asked for between sessions, also what was asked meanwhile', async () => {
    const { session, seen } = runner();
    session.start();
    await expect.poll(() => session.state).toBe('running');
    const done: string[] = [];
    const act = (name: string) => () => session.betweenSessions(async () => void (await sleep(20), done.push(name)));
    const first = [act('a')(), act('b')()];
    await sleep(25);
    await Promise.all([...first, act('c')()]);
    expect(done).toEqual(['a', 'b', 'c']);
    const recorded = seen.raw.length;
    await expect.poll(() => seen.raw.length).toBeGreaterThan(recorded);
    await session.stop();
    expect(session.allTotals.enhanced).toBe(seen.raw.length);
  });

  it('does it also when the source fails first, while frames are still on their way', async () => {
    const { ports } = fakePorts();
    const enhance: typeof ports.enhancer.enhance = async (frame) => (await sleep(150), ports.enhancer.enhance(frame));
    const { session, signals } = runner({
      createSource: () => steadySource(signals, 2),
      lasting: { ...ports, enhancer: { ...ports.enhancer, enhance } },
    });
    session.start();
    await sleep(50);
    expect(session.state).toBe('running');
    let isDone = false;
    await Promise.all([session.betweenSessions(async () => void (isDone = true)), session.ended()]);
    expect(isDone).toBe(true);
    expect(session).toMatchObject({ state: 'failed', because: 'cable pulled' });
  });

  it('gives frames of another shape their session, even when it is stopped at that moment', async () => {
    const { ports } = fakePorts();
    const enhance: typeof ports.enhancer.enhance = async (frame) => (await sleep(60), ports.enhancer.enhance(frame));
    async function* events(): AsyncGenerator<SourceEvent> {
      yield* [arrivedFrame(0), arrivedFrame(1), arrivedFrame(2, 8), arrivedFrame(3, 6)];
      await new Promise(() => undefined);
    }
    const decode: typeof ports.decode = async (frame) => (await sleep(5), ports.decode(frame)); // Both are on their way.
    const settled: number[] = [];
    const marked = async function* () {
      for await (const event of events()) yield { ...event, settled: () => void settled.push(1) };
    };
    const { session } = runner({
      createSource: () => ({ kind: 'test', name: 'test', events: marked }),
      lasting: { ...ports, decode, enhancer: { ...ports.enhancer, enhance } },
    });
    session.start();
    await expect.poll(() => session.totals.carried, { interval: 2 }).toBe(2);
    await session.stop();
    expect(session.allTotals).toMatchObject({ enhanced: 4, inFlight: 0 });
    expect(session.allTotals.arrived - session.allTotals.carried).toBe(4);
    expect(settled).toHaveLength(4);
    expect(balances(session.allTotals)).toBe(true);
  });

  it('holds a source whose frames change their shape all the time, says so, and loses none', async () => {
    async function* flapping(signal: AbortSignal): AsyncGenerator<SourceEvent> {
      for (let number = 0; !signal.aborted; number++) {
        yield arrivedFrame(number, 4 + (number % 2));
        await sleep(1);
      }
    }
    const finished: string[] = [];
    const { session, seen } = runner({
      createSource: () => ({ kind: 'test', name: 'test', events: flapping }),
      finished: (_, because) => void finished.push(because),
    });
    session.start();
    await expect
      .poll(() => session.because)
      .toMatch(/^frames change their shape too often \(frame \d+ is \dx\d .*in 60 s$/);
    expect(session.state).toBe('waiting');
    expect(finished).toHaveLength(11);
    const acted = session.betweenSessions(async () => undefined); // Somebody asks for something: no need to wait for the pace.
    await acted;
    await session.stop();
    const { arrived, carried, enhanced } = session.allTotals;
    expect(arrived - carried).toBe(enhanced);
    expect(seen.raw.map((frame) => frame.raw.data[0])).toEqual(Array.from({ length: enhanced }, (_, n) => n));
  });
});
