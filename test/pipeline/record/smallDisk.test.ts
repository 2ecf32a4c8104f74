import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Recording } from '../../../pipeline/ports.ts';
import { createRecorder } from '../../../pipeline/record/recorder.ts';
import { openSession } from '../../../pipeline/record/review.ts';
import type { RecordSettings } from '../../../pipeline/record/settings.ts';
import { acquisition, frame, plane, row, samePixels, totals } from './frames.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/** A real disk of 4 MB, in memory; making one takes the right to mount. */
const mountPoint = temporaryFolder('disk');
const canMount = mount('size=4m');
const SIDE = 128;

function mount(options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mountPoint], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const remount = (mode: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${mode}`, mountPoint]);

afterAll(() => {
  if (canMount) execFileSync('umount', ['-l', mountPoint]);
});

describe.skipIf(!canMount)('a disk of 4 MB', () => {
  let root: string;
  let number = 0;
  beforeEach(() => {
    for (let k = 0; k < number; k++) rmSync(join(mountPoint, String(k)), { recursive: true, force: true });
    root = join(mountPoint, String(number++));
  });

  const start = (settings: Partial<RecordSettings>): Promise<Recording> =>
    createRecorder({ root, softwareVersion: '0.0.0', codec: 'none', ...settings }).open(
      acquisition({ sizeX: SIDE, sizeY: SIDE }),
    );
  const rawFrame = (sequence: number) => frame(sequence, {}, plane(sequence, SIDE));

  /** Records raw frames until the disk refuses one. Returns how many it took. */
  async function fill(recording: Recording): Promise<number> {
    for (let sequence = 0; ; sequence++) {
      try {
        await recording.writeRaw(rawFrame(sequence));
      } catch (error) {
        expect(error).toMatchObject({ tag: 'record', message: /the disk is full/ });
        return sequence;
      }
      recording.writeRow(row(rawFrame(sequence), 'superseded'));
    }
  }

  it.each([
    ['with room kept for closing', 512 * 1024],
    ['to the last byte', 0],
  ])('that is full, %s, keeps every frame that it took', async (_, reserveBytes) => {
    const filler = join(mountPoint, 'filler');
    writeFileSync(filler, new Uint8Array(2 ** 20));
    const recording = await start({ reserveBytes });
    const taken = await fill(recording);
    expect(taken).toBeGreaterThan(50);
    await expect(recording.close(totals({ arrived: taken }))).rejects.toThrow(/the disk is full/);
    rmSync(filler);
    const session = await openSession(recording.status.path!);
    expect(session.recoveryFault).toBeUndefined();
    expect(session.isLive).toBe(false);
    expect(existsSync(join(session.folder, 'certificate.json'))).toBe(true);
    for (let t = 0; t < taken; t++) {
      expect(samePixels((await session.readImage('raw', { t, c: 0, z: 0 }))?.plane, plane(t, SIDE))).toBe(true);
    }
    expect(await session.readImage('raw', { t: taken, c: 0, z: 0 })).toBeUndefined();
    session.close();
  });

  it('that is full goes on when there is room again, if told to wait', async () => {
    const filler = join(mountPoint, 'filler');
    writeFileSync(filler, new Uint8Array(3 * 2 ** 20));
    const recording = await start({ reserveBytes: 512 * 1024, onDiskTrouble: 'wait' });
    const all = (async () => {
      for (let sequence = 0; sequence < 60; sequence++) await recording.writeRaw(rawFrame(sequence));
    })();
    await expect.poll(() => recording.status.state, { timeout: 15_000 }).toBe('waiting');
    rmSync(filler);
    await all;
    expect(recording.status.rawFrames).toBe(60);
    await recording.close(totals({}));
    const session = await openSession(recording.status.path!);
    for (const t of [0, 20, 30, 59]) {
      expect(samePixels((await session.readImage('raw', { t, c: 0, z: 0 }))?.plane, plane(t, SIDE))).toBe(true);
    }
    session.close();
  });

  it('that is read-only refuses a session by name', async () => {
    remount('ro');
    try {
      await expect(start({})).rejects.toMatchObject({ tag: 'record', message: /the disk is read-only/ });
    } finally {
      remount('rw');
    }
  });
});
