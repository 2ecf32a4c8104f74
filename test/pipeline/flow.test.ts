import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { concatMap, from, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Feed, Gate, lane, pull } from '../../pipeline/flow.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('pull', () => {
  it('lets go of each event once it has left the gate, however long the session lasts', async () => {
    const seen: WeakRef<object>[] = [];
    const ended = new AbortController();
    async function* endless() {
      for (;;) {
        await turn();
        yield { pixels: new Uint8Array(1024) };
      }
    }
    const gate = new Gate(4);
    await new Promise<void>((resolve, reject) => {
      pull(new Feed(endless()), gate, ended.signal).subscribe({
        next: (event) => {
          seen.push(new WeakRef(event));
          gate.leave();
          if (seen.length === 200) resolve();
        },
        error: reject,
      });
    });
    await turn();
    collectGarbage();
    const alive = seen.filter((event) => event.deref() !== undefined).length;
    ended.abort();
    expect(alive).toBeLessThan(20);
  });
});

describe('lane', () => {
  it('gives the slow link its next frame before it delivers the last one', async () => {
    const done: string[] = [];
    const passed = from([0, 1, 2]).pipe(
      lane<number, number>({
        policy: () => 'every',
        work: async (frame) => (done.push(`work ${frame}`), await turn(), frame),
        deliver: async (frame) => void done.push(`deliver ${frame}`),
        superseded: () => undefined,
      }),
    );
    await lastValueFrom(passed, { defaultValue: undefined });
    expect(done).toEqual(['work 0', 'work 1', 'work 2', 'deliver 0', 'deliver 1', 'deliver 2']);
  });

  it.each([
    { policy: 'every', atOnce: 2 },
    { policy: 'newest', atOnce: 1 },
  ] as const)(
    'under `$policy` has $atOnce in work and delivers in order, whichever is done first',
    async (expected) => {
      const delivered: number[] = [];
      const superseded: number[] = [];
      let working = 0;
      let most = 0;
      const work = async (frame: number): Promise<number> => {
        most = Math.max(most, ++working);
        for (let turns = frame % 2 === 0 ? 20 : 3; turns > 0; turns--) await turn();
        working -= 1;
        return frame;
      };
      const frames = from([0, 1, 2, 3, 4, 5, 6, 7]).pipe(
        concatMap(async (frame) => (await turn(), await turn(), frame)),
      );
      const passed = frames.pipe(
        lane<number, number>({
          policy: () => expected.policy,
          work,
          deliver: async (frame) => void delivered.push(frame),
          superseded: (frame) => void superseded.push(frame),
        }),
      );
      await lastValueFrom(passed, { defaultValue: undefined });
      expect(most).toBe(expected.atOnce);
      expect(delivered).toEqual([...delivered].sort((a, b) => a - b));
      expect([...delivered, ...superseded].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(superseded.length > 0).toBe(expected.policy === 'newest');
    },
  );
});
