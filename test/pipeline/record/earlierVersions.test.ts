import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession, type RecordedSession } from '../../../pipeline/record/review.ts';
import { SESSION_VERSION } from '../../../pipeline/record/sessionFile.ts';
import { verifySession } from '../../../pipeline/record/verify.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { frame, plane, samePixels } from './frames.ts';

/**
 * Sessions as each version of the program wrote them, one folder a version. They are never written anew: whatever a later
 * program does, it opens these. Each holds frames 0 to 5 of `frames.ts`, of which frame 3 was superseded; two more are missing.
 */
const WRITTEN = join(import.meta.dirname, '../../fixtures/sessions');
const versions = readdirSync(WRITTEN);

/** A copy: opening a session may put it in order. */
function copyOf(version: string): string {
  const folder = join(temporaryFolder('version'), version);
  cpSync(join(WRITTEN, version), folder, { recursive: true });
  return folder;
}

async function openCopy(version: string): Promise<RecordedSession> {
  const session = await openSession(copyOf(version));
  onTestFinished(() => session.close());
  return session;
}

describe('a session written by an earlier version', () => {
  it('is kept for each version that there was', () => {
    const expected = Array.from({ length: SESSION_VERSION }, (_, k) => `session-version-${k + 1}`);
    expect(versions).toEqual(expected);
  });

  it.each(versions)('%s opens, with every pixel and row', async (version) => {
    const session = await openCopy(version);
    expect(session.frameCount).toBe(6);
    expect(session.acquisition).toMatchObject({ name: 'version 1', physicalSizeX: 0.1, channels: [{ name: 'mito' }] });
    for (let sequence = 0; sequence < 6; sequence++) {
      expect(samePixels((await session.planeOf(sequence, 'raw'))?.plane, plane(sequence))).toBe(true);
      const enhanced = await session.planeOf(sequence, 'enhanced');
      if (sequence === 3) expect(enhanced).toBeUndefined();
      else expect(samePixels(enhanced?.plane, frame(sequence).enhanced!.plane)).toBe(true);
    }
    expect(session.row(4)).toMatchObject({ end: 'enhanced', prediction: { modelId: 'bicubic', predicted: true } });
    expect(session.events).toContainEqual(expect.objectContaining({ event: 'missing', count: 2 }));
    expect(session.summaries()).toMatchObject([{ second: 0, frames: 6 }]);
  });

  it.each(versions)('%s holds what it says', async (version) => {
    const recompute = async ({ meta }: { meta: { sequence: number } }) => frame(meta.sequence).enhanced!;
    expect(await verifySession(await openCopy(version), { sample: Infinity, recompute })).toMatchObject({ ok: true });
  });
});

describe('a session written by a later version', () => {
  it('is refused with what it needs', async () => {
    const folder = copyOf(versions.at(-1)!);
    const path = join(folder, 'session.json');
    const later = SESSION_VERSION + 1;
    writeFileSync(path, readFileSync(path, 'utf8').replace(`"version": ${SESSION_VERSION}`, `"version": ${later}`));
    await expect(openSession(folder)).rejects.toThrow(
      new RegExp(
        `session.json: written by a later program \\(version ${later}; .* up to version ${SESSION_VERSION}\\)`,
      ),
    );
    await expect(openSession(folder)).rejects.toThrow('update Scopestream');
  });
});
