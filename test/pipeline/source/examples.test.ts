import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArrivedFrame } from '../../../pipeline/frame.ts';
import type { Source } from '../../../pipeline/ports.ts';
import { createSocketIoSource, socketIoBufferBytes } from '../../../pipeline/source/socketIo.ts';
import { createTcpSource } from '../../../pipeline/source/tcp.ts';
import { python } from '../../fixtures/python.ts';
import { startIngestServer } from './ingestServer.ts';

const run = promisify(execFile);
const EXAMPLES = join(import.meta.dirname, '../../../examples');
const COUNT = 12;

let stop: AbortController;
beforeEach(() => void (stop = new AbortController()));
afterEach(() => stop.abort());

/** Takes frames until the source ends. */
async function collect(source: Source): Promise<ArrivedFrame[]> {
  const frames: ArrivedFrame[] = [];
  for await (const event of source.events(stop.signal)) {
    if (event.type !== 'frame') throw new Error(`${event.reason} is missing`);
    event.settled?.();
    frames.push(event);
  }
  return frames;
}

function expectStripes(frames: readonly ArrivedFrame[]): void {
  expect(frames).toHaveLength(COUNT);
  frames.forEach(({ payload, description }, n) => {
    if (payload.kind !== 'plane') throw new Error('pixels expected');
    const { plane } = payload;
    const column = (x: number) => plane.data[5 * plane.sizeX + x];
    expect([plane.sizeX, plane.sizeY, column(n), column(n + 1)]).toEqual([256, 256, 4000, 100]);
    expect(description).toMatchObject({ index: { t: n }, significantBits: 12, physicalSizeX: 0.1, exposureTime: 0.02 });
  });
}

function hasModule(name: string): boolean {
  try {
    execFileSync(python!, ['-c', `import ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!python)('the Python senders', () => {
  it('examples/send_tcp.py', async () => {
    const source = createTcpSource({ host: '127.0.0.1', port: 0 });
    const frames = collect(source);
    const { address, port } = await source.listening;
    const { stdout } = await run(python!, [join(EXAMPLES, 'send_tcp.py'), address, String(port), String(COUNT)]);
    expect(stdout).toBe(`ok ${COUNT}\n`);
    stop.abort();
    expectStripes(await frames);
  });

  it.skipIf(!python || !hasModule('socketio'))('examples/send_socketio.py (needs python-socketio)', async () => {
    const server = await startIngestServer(socketIoBufferBytes());
    try {
      const frames = collect(createSocketIoSource({ namespace: server.namespace }));
      const url = `http://127.0.0.1:${server.port}`;
      const { stdout } = await run(python!, [join(EXAMPLES, 'send_socketio.py'), url, String(COUNT)]);
      expect(stdout).toBe(`${COUNT} of ${COUNT} frames taken\n`);
      stop.abort();
      expectStripes(await frames);
    } finally {
      await server.close();
    }
  });
});
