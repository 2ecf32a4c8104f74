import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Recording } from '../../../pipeline/ports.ts';
import { lockState } from '../../../pipeline/record/lock.ts';
import { createRecorder } from '../../../pipeline/record/recorder.ts';
import { openSession } from '../../../pipeline/record/review.ts';
import type { RecordSettings } from '../../../pipeline/record/settings.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { acquisition, frame, plane, row, samePixels, totals } from './frames.ts';
import { makeLoopDisk } from './loopDisk.ts';

const disk = makeLoopDisk(temporaryFolder('loop'), 48);
afterAll(() => disk?.destroy());

const SIDE = 64;
/** Flushed by then: the recorder flushes every 100 ms here. */
const FLUSHED_MS = 600;
const rawFrame = (sequence: number) => frame(sequence, {}, plane(sequence, SIDE));

describe.skipIf(!disk)('a disk that fails in the middle of a session', { timeout: 60_000 }, () => {
  let root: string;
  let number = 0;
  beforeEach(() => void (root = join(disk!.mountPoint, String(number++))));

  const start = (settings: Partial<RecordSettings> = {}): Promise<Recording> =>
    createRecorder({ root, softwareVersion: '0.0.0', reserveBytes: 0, fsyncIntervalMs: 100, ...settings }).open(
      acquisition({ sizeX: SIDE, sizeY: SIDE }),
    );

  async function write(recording: Recording, from: number, to: number): Promise<void> {
    for (let sequence = from; sequence < to; sequence++) {
      await recording.writeRaw(rawFrame(sequence));
      recording.writeRow(row(rawFrame(sequence), 'superseded'));
    }
  }

  /** Writes until a frame is refused, which must be soon. Returns the refusal and the number of frames that were taken. */
  async function writeUntilRefused(recording: Recording, from: number): Promise<{ error: unknown; taken: number }> {
    for (let sequence = from; sequence < from + 500; sequence++) {
      try {
        await write(recording, sequence, sequence + 1);
      } catch (error) {
        return { error, taken: sequence };
      }
      await sleep(5);
    }
    throw new Error('500 frames were written to a disk that is not there');
  }

  /** Opens the session and checks that its first frames are there to the bit, and that nothing it holds is anything else. */
  async function expectIntact(folder: string, atLeast: number): Promise<number> {
    await expect.poll(() => lockState(folder), { timeout: 10_000 }).not.toBe('live');
    const session = await openSession(folder);
    expect(session.recoveryFault).toBeUndefined();
    expect(existsSync(join(folder, 'certificate.json'))).toBe(true);
    let count = 0;
    for (let t = 0; t < 600; t++) {
      const read = await session.readImage('raw', { t, c: 0, z: 0 });
      if (t < atLeast) expect(read, `frame ${t} of ${atLeast}`).toBeDefined();
      if (!read) continue;
      expect(samePixels(read.plane, plane(t, SIDE)), `frame ${t}`).toBe(true);
      expect(session.row(t), `row ${t}`).toBeDefined();
      count += 1;
    }
    session.close();
    return count;
  }

  it('because it was pulled out: the session ends by name, with all that had reached the disk', async () => {
    const recording = await start();
    await write(recording, 0, 20);
    await sleep(FLUSHED_MS);
    disk!.pull('rough');
    const { error } = await writeUntilRefused(recording, 20);
    expect(error).toMatchObject({ tag: 'record', message: /(reports an input\/output error|is read-only) \(E/ });
    expect(recording.status).toMatchObject({ state: 'failed', warning: expect.stringContaining(root) as string });
    await expect(recording.close(totals({}))).rejects.toMatchObject({ tag: 'record' });
    disk!.replug();
    expect(await expectIntact(recording.status.path!, 20)).toBeGreaterThanOrEqual(20);
  });

  it('because it was taken off its place: the session ends by name, and keeps every frame that it took', async () => {
    const recording = await start();
    await write(recording, 0, 10);
    disk!.unmount();
    const { error, taken } = await writeUntilRefused(recording, 10);
    expect(error).toMatchObject({ tag: 'record', message: /the folder is gone: was the disk removed\? \(ENOENT\)/ });
    await expect(recording.close(totals({}))).rejects.toMatchObject({ tag: 'record' });
    disk!.replug();
    expect(await expectIntact(recording.status.path!, taken)).toBe(taken);
  });

  it('because it became read-only: the session ends by name, with what was recorded', async () => {
    const recording = await start();
    await write(recording, 0, 20);
    await sleep(FLUSHED_MS);
    disk!.failToReadOnly();
    const { error } = await writeUntilRefused(recording, 20);
    expect(error).toMatchObject({ tag: 'record', message: /the disk is read-only \(EROFS\)/ });
    await expect(recording.close(totals({}))).rejects.toThrow(/the disk is read-only/);
    disk!.replug();
    expect(await expectIntact(recording.status.path!, 20)).toBeGreaterThanOrEqual(20);
  });

  it.each([
    ['was pulled out', () => disk!.pull('flushed')],
    ['became read-only', () => disk!.failToReadOnly()],
    ['was taken off its place', () => disk!.unmount()],
  ])('and %s is waited for, if told to, and the session goes on when it is back', async (_, fail) => {
    const recording = await start({ onDiskTrouble: 'wait' });
    await write(recording, 0, 20);
    await sleep(FLUSHED_MS);
    fail();
    let isDone = false;
    const rest = (async () => {
      let sequence = 20;
      for (; sequence < 60 || !isDone; sequence++) {
        await write(recording, sequence, sequence + 1);
        await sleep(5);
      }
      return sequence;
    })();
    await expect.poll(() => recording.status.state, { timeout: 10_000 }).toBe('waiting');
    expect(recording.status.warning).toMatch(/input\/output error|read-only|was the disk removed/);
    disk!.replug();
    isDone = true;
    const count = await rest;
    await recording.close(totals({ arrived: count, recorded: count, superseded: count }));
    expect(await expectIntact(recording.status.path!, count)).toBe(count);
  });

  it('is not trusted when it comes back without all that it had', async () => {
    const recording = await start({ onDiskTrouble: 'wait', fsync: 'close' });
    await write(recording, 0, 20);
    disk!.pull('rough');
    const rest = write(recording, 20, 40);
    const refused = expect(rest).rejects.toMatchObject({ tag: 'record', message: /came back without/ });
    await expect.poll(() => recording.status.state, { timeout: 10_000 }).toBe('waiting');
    disk!.replug();
    await refused;
    expect(recording.status.state).toBe('failed');
  });

  it('by not answering is warned of, holds the session up, and costs nothing', async () => {
    const recording = await start();
    await write(recording, 0, 10);
    disk!.freeze();
    let isWritten = false;
    const rest = write(recording, 10, 20).then(() => (isWritten = true));
    try {
      await expect
        .poll(() => recording.status.warning, { timeout: 10_000, interval: 200 })
        .toMatch(/has not answered for [3-9] s/);
      expect(isWritten).toBe(false);
    } finally {
      disk!.thaw();
    }
    await rest;
    await recording.close(totals({ arrived: 20, recorded: 20, superseded: 20 }));
    expect(await expectIntact(recording.status.path!, 20)).toBe(20);
  });
});
