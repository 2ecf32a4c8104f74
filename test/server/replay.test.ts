import { basename } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSession, type RecordedSession } from '../../pipeline/record/review.ts';
import { createService } from '../../server/app.ts';
import { loadConfig } from '../../server/config/load.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';
import { verify } from './fixtures/verify.ts';

/** As `scopestream serve` and `scopestream replay` do it, from settings to the recorded session, with nothing in between. */

const FRAMES = 12;
const recordings = temporaryFolder('replay');

/** Runs a service until its source has ended. Returns the folder of what it recorded. */
async function record(flags: Record<string, unknown>): Promise<string> {
  const common = { port: 0, logLevel: 'silent', 'model.provider': 'cpu', policy: 'every' };
  const kept = { 'record.enabled': true, 'record.folder': recordings };
  const service = await createService(loadConfig({ environment: {}, flags: { ...common, ...kept, ...flags } }));
  try {
    await service.ended();
    return service.state.recording.path!;
  } finally {
    await service.close();
  }
}

const replay = (path: string, model: string) =>
  record({ 'source.kind': 'replay', 'source.replay.path': path, 'source.replay.rate': 0, 'model.id': model });

async function open(folder: string): Promise<RecordedSession> {
  const session = await openSession(folder);
  onTestFinished(() => session.close());
  return session;
}

const hashes = (session: RecordedSession, which: 'raw' | 'enhanced') =>
  [...session.rows()].map((row) => row[which]?.sha256);

describe('replaying a recorded session', { timeout: 240_000 }, () => {
  let original: string;
  beforeAll(async () => {
    const simulator = { 'source.simulator.size': 64, 'source.simulator.rate': 0, 'source.simulator.frames': FRAMES };
    original = await record({ ...simulator, 'model.id': 'bicubic' });
  }, 120_000);

  it('makes a session of its own, linked to the first, with the same raw pixels and what another model makes of them', async () => {
    const again = await replay(original, 'gaussian');
    const [first, second] = [await open(original), await open(again)];
    expect(second.id).not.toBe(first.id);
    expect(second.constants).toMatchObject({ replayOf: basename(original), source: { kind: 'replay' } });
    expect(second.acquisition).toMatchObject({ name: first.acquisition.name, significantBits: 12, sizeX: 64 });
    expect(second.frameCount).toBe(FRAMES);
    expect(hashes(second, 'raw')).toEqual(hashes(first, 'raw'));
    expect(second.row(5)).toMatchObject({ name: first.row(5)!.name, prediction: { modelId: 'gaussian' } });
    expect(hashes(second, 'enhanced')).not.toEqual(hashes(first, 'enhanced'));
    const { code, report } = await verify(again);
    expect(report).toMatchObject({ ok: true, faults: [] });
    expect(code).toBe(0);
  });

  it('with the same model makes the same pixels', async () => {
    const again = await replay(original, 'bicubic');
    const [first, second] = [await open(original), await open(again)];
    expect(hashes(second, 'enhanced')).toEqual(hashes(first, 'enhanced'));
    expect(hashes(second, 'enhanced')).not.toContain(undefined);
    expect((await verify(again)).code).toBe(0);
  });
});
