import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { doctorCommand } from '../../server/cli/doctor.ts';
import { loadConfig } from '../../server/config/load.ts';
import { ffmpeg } from '../../server/doctor/ffmpeg.ts';
import { chosenModel } from '../../server/doctor/models.ts';
import { ports } from '../../server/doctor/ports.ts';
import { recordings } from '../../server/doctor/recordings.ts';
import { watchedFolder } from '../../server/doctor/watchedFolder.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

const config = (flags: Record<string, unknown>) => loadConfig({ environment: {}, flags });
afterEach(() => vi.restoreAllMocks());

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the doctor', () => {
  it('tries every port that a session would open', async () => {
    const port = await takenPort();
    expect(await ports(config({ port: 0 }))).toMatchObject([{ what: 'viewer port', ok: true }]);
    expect(await ports(config({ port, 'source.kind': 'tcp', 'source.tcp.port': port }))).toMatchObject([
      { what: 'viewer port', ok: false, found: expect.stringContaining('EADDRINUSE') as string },
      { what: 'sender port', ok: false, advice: expect.stringContaining('source.tcp.port') as string },
    ]);
  });

  it('writes where sessions would be recorded, and leaves nothing behind', async () => {
    const folder = join(temporaryFolder('doctor'), 'sessions');
    const found = await recordings(folder);
    expect(found.map(({ what }) => what.trim())).toEqual(['recording disk', 'flush', 'room']);
    expect(found[0]?.found).toMatch(/^writes \d+ MB\/s/);
    expect(readdirSync(folder)).toEqual([]);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(await recordings(file)).toMatchObject([{ ok: false, advice: expect.stringContaining(file) as string }]);
  });

  it('looks at the folder that would be watched', async () => {
    const folder = temporaryFolder('doctor');
    writeFileSync(join(folder, 'a.tif'), '');
    const watched = (path?: string) => watchedFolder(config({ 'source.kind': 'folder', 'source.folder.path': path }));
    expect((await watched(folder))[0]).toMatchObject({ ok: true, found: `${folder}: 1 entries` });
    expect(await watched(join(folder, 'none'))).toMatchObject([{ ok: false }]);
    expect(await watched(join(folder, 'a.tif'))).toMatchObject([{ ok: false, advice: 'choose its folder' }]);
    expect(await watched()).toMatchObject([{ ok: false, advice: 'set source.folder.path' }]);
    expect(await watchedFolder(config({}))).toEqual([]);
  });

  it('loads the model that a session would begin with', async () => {
    expect((await chosenModel(config({ 'model.id': 'bicubic' })))[0]).toMatchObject({
      what: 'model',
      ok: true,
      found: expect.stringMatching(/^bicubic .* on cpu/) as string,
    });
    expect(await chosenModel(config({ 'model.id': 'none' }))).toMatchObject([
      { ok: false, advice: expect.stringContaining('scopestream models') as string },
    ]);
  });

  it('says what ffmpeg is needed for where it is missing', async () => {
    expect(await ffmpeg('no-such-program')).toMatchObject({ ok: true, found: 'not installed' });
  });

  it('puts all of it together', { timeout: 60_000 }, async () => {
    const said: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => (said.push(String(text)), true));
    const folder = temporaryFolder('doctor');
    const set = ['port=0', 'model.provider=cpu'];
    expect(await doctorCommand({ folder: join(folder, 'none'), record: folder, model: 'bicubic', set })).toBe(1);
    expect(said.join('')).toMatch(/^LOOK {2}watched folder/m);
    expect(said.join('')).toMatch(/^ok {4}model/m);
  });
});
