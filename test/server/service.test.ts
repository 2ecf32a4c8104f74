import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { balances } from '../../pipeline/ledger.ts';
import { createService, type Service } from '../../server/app.ts';
import { loadConfig } from '../../server/config/load.ts';
import type { CommandResult } from '../../server/protocol.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';
import { connectViewer } from '../fixtures/viewer.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(flags: Record<string, unknown> = {}): Promise<Service> {
  const service = await createService(
    loadConfig({
      environment: {},
      flags: { port: 0, logLevel: 'silent', 'model.provider': 'cpu', 'source.simulator.size': 64, ...flags },
    }),
  );
  closing.push(() => service.close());
  return service;
}

const watch = (service: Service, auth?: Record<string, string>) => connectViewer(service.url, { auth });

describe('the service', () => {
  it('shows a viewer measured and predicted frames, in order, and says so in its metrics', async () => {
    const service = await start();
    const { headers } = await watch(service);
    await expect.poll(() => headers.length, { timeout: 20_000 }).toBeGreaterThan(5);
    const sequences = headers.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(headers[0]).toMatchObject({ raw: { sizeX: 64 }, enhanced: { sizeX: 128, prediction: { predicted: true } } });
    const metrics = await (await fetch(`${service.url}metrics`)).text();
    expect(metrics).toMatch(/scopestream_frames_ended_total\{end="enhanced"\} [1-9]/);
    expect(await (await fetch(`${service.url}readyz`)).json()).toEqual({ ok: true, problems: [] });
    expect((await fetch(`${service.url}healthz`)).status).toBe(200);
    await service.close();
    expect(balances(service.totals)).toBe(true);
    expect(service.totals.inFlight).toBe(0);
  });

  it('changes model, policy and recording while frames flow, and loses none', async () => {
    const recordings = temporaryFolder('recordings');
    const service = await start({ 'record.folder': recordings, 'source.simulator.rate': 60 });
    const { client, headers, states } = await watch(service);
    const ask = (act: (done: (result: CommandResult) => void) => void) => new Promise<CommandResult>(act);
    await expect.poll(() => headers.length, { timeout: 20_000 }).toBeGreaterThan(2);
    const modelOf = () => headers.at(-1)?.enhanced?.prediction.modelId;
    expect(await ask((done) => client.emit('choosePolicy', 'every', done))).toEqual({ ok: true });
    expect(await ask((done) => client.emit('chooseModel', 'bicubic', done))).toEqual({ ok: true });
    await expect.poll(modelOf, { timeout: 10_000 }).toBe('bicubic');
    expect(await ask((done) => client.emit('chooseModel', 'no-such-model', done))).toMatchObject({ ok: false });
    const unrecorded = headers.at(-1)?.sessionId;
    expect(await ask((done) => client.emit('record', true, done))).toEqual({ ok: true });
    await expect.poll(() => headers.at(-1)?.sessionId, { timeout: 10_000 }).not.toBe(unrecorded);
    const before = headers.length;
    await expect.poll(() => headers.length, { timeout: 10_000 }).toBeGreaterThan(before + 5);
    expect(states.at(-1)).toMatchObject({ policy: 'every', recording: { state: 'recording' } });
    expect(await ask((done) => client.emit('stopSource', done))).toEqual({ ok: true });
    const { totals } = service;
    expect(balances(totals)).toBe(true);
    expect(totals.arrived).toBe(totals.enhanced + totals.superseded);
    const [session] = readdirSync(recordings);
    const rows = readFileSync(join(recordings, session as string, 'frames.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(rows.length).toBeGreaterThanOrEqual(totals.recorded);
    expect(totals.recorded).toBeGreaterThan(5);
    expect(await ask((done) => client.emit('startSource', done))).toEqual({ ok: true });
    const again = headers.length;
    await expect.poll(() => headers.length, { timeout: 10_000 }).toBeGreaterThan(again);
  });

  it('asks for its token', async () => {
    const service = await start({ token: 'secret' });
    await expect(watch(service)).rejects.toThrow('token');
    await expect(watch(service, { token: 'wrong' })).rejects.toThrow('token');
    await watch(service, { token: 'secret' });
    for (const guarded of ['metrics', 'm%65trics', 'api/sessions', '%61pi/sessions'])
      expect((await fetch(`${service.url}${guarded}`)).status).toBe(401);
    const withToken = { headers: { authorization: 'Bearer secret' } };
    expect((await fetch(`${service.url}metrics`, withToken)).status).toBe(200);
    const nowhere = io(service.url, { transports: ['websocket'], forceNew: true });
    closing.push(() => nowhere.disconnect());
    await expect(new Promise((_, fail) => nowhere.once('connect_error', fail))).rejects.toThrow('connect to /live');
    expect((await fetch(`${service.url}metrics`, { headers: { origin: 'https://example.org' } })).status).toBe(403);
  });

  it('says what is wrong with its settings before it starts', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow('set a token');
    await expect(start({ 'source.kind': 'tcp', 'source.tcp.host': '0.0.0.0' })).rejects.toThrow('set a token');
    await expect(start({ 'source.kind': 'folder' })).rejects.toThrow('source.folder.path is missing');
    await expect(start({ 'source.simulator.preset': 'x' })).rejects.toThrow('fv-video');
    await expect(start({ 'model.id': 'no-such-model' })).rejects.toThrow('no-such-model');
    const taken = createServer().listen(0, '127.0.0.1');
    closing.push(() => taken.close());
    await once(taken, 'listening');
    await expect(start({ port: (taken.address() as AddressInfo).port })).rejects.toThrow(/^port = .*EADDRINUSE/);
  });

  it.skipIf(!hasPrometheus)('is scraped by a real Prometheus', { timeout: 60_000 }, async () => {
    const service = await start();
    const folder = temporaryFolder('prometheus');
    const target = new URL(service.url).host;
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `scrape_configs:\n  - { job_name: s, scrape_interval: 1s, static_configs: [{ targets: ['${target}'] }] }\n`,
    );
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const prometheus = spawn('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    closing.push(() => prometheus.kill('SIGKILL'));
    const arrived = async () => {
      const asked = `http://127.0.0.1:${port}/api/v1/query?query=scopestream_frames_arrived_total`;
      const answer = await fetch(asked).catch(() => undefined);
      const { data } = ((await answer?.json()) ?? {}) as { data?: { result: { value: [number, string] }[] } };
      return Number(data?.result[0]?.value[1] ?? 0);
    };
    await expect.poll(arrived, { timeout: 40_000, interval: 500 }).toBeGreaterThan(5);
  });
});

describe('the command line', () => {
  const scopestream = (...args: string[]) => {
    const child = spawn('node', ['--import', 'tsx', 'server/main.ts', ...args], { cwd: ROOT });
    closing.push(() => child.kill('SIGKILL'));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += String(text)));
    return { child, output: () => output };
  };

  it('serves the demo, and on Ctrl-C drains, prints the account and exits 0', { timeout: 120_000 }, async () => {
    const { child, output } = scopestream(
      'demo',
      '--port',
      '0',
      '--set',
      'source.simulator.size=64',
      '--set',
      'model.provider=cpu',
    );
    await expect.poll(output, { timeout: 30_000 }).toContain('a session begins');
    for (const shown of ['http://127.0.0.1:', 'model', 'provider    cpu', 'policy      newest'])
      expect(output()).toContain(shown);
    await new Promise((done) => setTimeout(done, 1000));
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(output()).toMatch(/ledger +[1-9]\d* frames arrived/);
    expect(output()).toContain('the account balances');
    expect(code).toBe(0);
  });

  it('explains itself', { timeout: 180_000 }, async () => {
    for (const name of [
      'serve',
      'demo',
      'replay',
      'enhance',
      'verify',
      'export',
      'evaluate',
      'models',
      'bench',
      'doctor',
    ]) {
      const { status, stdout } = spawnSync('node', ['--import', 'tsx', 'server/main.ts', name, '--help'], {
        cwd: ROOT,
        encoding: 'utf8',
      });
      expect(status).toBe(0);
      expect(stdout).toContain(`$ scopestream ${name}`);
    }
    const unwatchable = scopestream('serve', '--source', 'folder', '--port', '0');
    expect((await once(unwatchable.child, 'exit'))[0]).toBe(1);
    expect(unwatchable.output()).toContain('source.folder.path is missing');
    const { child, output } = scopestream('serve', '--port', '99999');
    expect((await once(child, 'exit'))[0]).toBe(1);
    expect(output()).toContain('port = 99999 (command line): must be a whole number from 0 to 65535');
    expect(output()).not.toContain('    at ');
  });
});
