import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { InferenceClient } from '../../models/inferenceClient.ts';
import { EnhanceError } from '../../pipeline/errors.ts';
import { testFrame, testRequest } from '../../models/executionProvider.ts';

// A start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const SETTINGS = { runTimeoutMs: 10_000, loadTimeoutMs: 60_000 };
const frame = testFrame();
let client: InferenceClient | undefined;
afterEach(() => client?.close());

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('answers requests that are made at once, in order', async () => {
  client = new InferenceClient(SETTINGS);
  const loading = client.load('x', { kind: 'bicubic', magnification: 1 });
  const runs = [1, 2, 3].map((gain) => client!.run('x', { ...testRequest(frame), gain }, [frame]));
  await loading;
  const results = await Promise.all(runs);
  expect(results.map(({ data }) => data[0] / frame.data[0])).toEqual([1, 2, 3]);
});

it('passes on what the other side says of a request', async () => {
  client = new InferenceClient(SETTINGS);
  await expect(client.run('never', testRequest(frame), [frame])).rejects.toThrow(/never is not loaded/);
  await expect(client.run('never', testRequest(frame), [frame])).rejects.toThrow(EnhanceError);
});

it('starts again after each death, with what was loaded, and forgets what it is told to forget', async () => {
  client = new InferenceClient(SETTINGS);
  await client.load('kept', { kind: 'bicubic', magnification: 1 });
  await client.load('forgotten', { kind: 'bicubic', magnification: 1 });
  client.forget('forgotten');
  for (let death = 0; death < 2; death++) {
    const pid = client.pid!;
    const inWork = client.run('kept', testRequest(frame), [frame]).catch((error: unknown) => error);
    process.kill(pid, 'SIGKILL');
    while (client.state === 'ready') await delay(5);
    await inWork;
    await expect(client.run('kept', testRequest(frame), [frame])).rejects.toThrow(/is restarting/);
    await client.ready();
    expect(client.pid).not.toBe(pid);
    expect((await client.run('kept', testRequest(frame), [frame])).data).toHaveLength(frame.data.length);
  }
  await expect(client.run('forgotten', testRequest(frame), [frame])).rejects.toThrow(/not loaded/);
});

it('answers what was asked before it is closed, and nothing after', async () => {
  client = new InferenceClient(SETTINGS);
  await client.load('x', { kind: 'bicubic', magnification: 1 });
  const asked = [1, 2, 3].map(() => client!.run('x', testRequest(frame), [frame]));
  const closing = client.close();
  await expect(client.run('x', testRequest(frame), [frame])).rejects.toThrow(/is closed/);
  expect(await Promise.all(asked)).toHaveLength(3);
  await closing;
});

it('closes while it is starting again', async () => {
  client = new InferenceClient(SETTINGS);
  await client.load('x', { kind: 'bicubic', magnification: 1 });
  process.kill(client.pid!, 'SIGKILL');
  while (client.state === 'ready') await delay(5);
  await client.close();
  expect(client.state).toBe('closed');
  await client.ready();
});

it('does not outlive the service, however that one ends', async () => {
  const service = `
    import { InferenceClient } from ${JSON.stringify(new URL('../../models/inferenceClient.ts', import.meta.url).href)};
    const client = new InferenceClient(${JSON.stringify(SETTINGS)});
    await client.load('x', { kind: 'bicubic', magnification: 1 });
    console.log(client.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', service], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  while (isAlive(pid)) await delay(20);
});
