import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { providerCandidates } from '../../../models/executionProvider.ts';
import { SHIPPED_ZOO } from '../../../server/cli/models.ts';
import { checkModels } from '../../../server/cli/modelsCheck.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { writeTinyPackage } from '../../models/fixtures/tinyPackage.ts';

// Sessions are opened in a process that takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

let printed = '';
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => !!(printed += String(text)));
});
afterEach(() => vi.restoreAllMocks());

/** A copy of a shipped package, alone in a zoo. */
function copyOf(model: string): { zoo: string; folder: string } {
  const zoo = temporaryFolder('check');
  const folder = join(zoo, model);
  cpSync(join(SHIPPED_ZOO, model), folder, { recursive: true });
  return { zoo, folder };
}

/** Changes the last value of the stored result; returns what its hash was and is. */
function spoilResult(folder: string): { was: string; is: string } {
  const path = join(folder, 'test-enhanced.npy');
  const file = readFileSync(path);
  const hash = (): string => createHash('sha256').update(file).digest('hex');
  const was = hash();
  for (let at = file.length - 20_000; at < file.length; at += 2) file.writeUInt16LE(65535 - file.readUInt16LE(at), at);
  writeFileSync(path, file);
  return { was, is: hash() };
}

describe('scopestream models --check', () => {
  it('finds that a package gives on the CPU what it says, and names a provider that is not here', async () => {
    const { zoo } = copyOf('lumen-s');
    const absent = providerCandidates().includes('dml') ? 'coreml' : 'dml';
    expect(await checkModels({ zooFolders: [zoo], provider: absent })).toBe(0);
    expect(printed).toMatch(/^cpu:\n {2}lumen-s +agrees +enhanced /m);
    expect(printed).toMatch(new RegExp(`^${absent}: skipped, nothing runs on it here: .{5,}`, 'm'));
  });

  it('fails when the result is another, or not the file that the package names', async () => {
    const { zoo, folder } = copyOf('lumen-s');
    const { was, is } = spoilResult(folder);
    expect(await checkModels({ zooFolders: [zoo], provider: 'cpu', json: true })).toBe(1);
    expect(JSON.parse(printed).checks).toMatchObject([
      { model: 'lumen-s', ok: false, problem: expect.stringContaining('sha256') as string },
    ]);

    printed = '';
    const manifest = join(folder, 'bioimageio.yaml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(was, is));
    expect(await checkModels({ zooFolders: [zoo], provider: 'cpu' })).toBe(1);
    expect(printed).toMatch(/lumen-s +DIFFERS +enhanced \d/);
  });

  it('says so of a package without a test', async () => {
    const zoo = temporaryFolder('check');
    writeTinyPackage(zoo, 'blur');
    expect(await checkModels({ zooFolders: [zoo], provider: 'cpu' })).toBe(1);
    expect(printed).toContain('has no test tensor');
  });
});
