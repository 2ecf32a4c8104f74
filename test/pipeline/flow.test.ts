import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { from, lastValueFrom } from 'rxjs';
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
    expect(done).toEqual(['work 0', 'work 1', 'deliver 0', 'work 2', 'deliver 1', 'deliver 2']);
  });
});
