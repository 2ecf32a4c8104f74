import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Feed, Gate, pull } from '../../pipeline/flow.ts';

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
