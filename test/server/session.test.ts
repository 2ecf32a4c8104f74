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
});
