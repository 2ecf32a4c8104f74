import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClassifiedFrame } from '../../../pipeline/frame.ts';
import type { Recording } from '../../../pipeline/ports.ts';
import { createRecorder } from '../../../pipeline/record/recorder.ts';
import { openSession, type RecordedSession } from '../../../pipeline/record/review.ts';
import { acquisition, frame, row, totals } from './frames.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let root: string;
const open: RecordedSession[] = [];
beforeEach(() => {
  root = temporaryFolder('review');
});
afterEach(() => {
  for (const session of open.splice(0)) session.close();
});

async function openAt(path: string): Promise<RecordedSession> {
  const session = await openSession(path);
  open.push(session);
  return session;
}

const start = (): Promise<Recording> =>
  createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 4 }).open(acquisition());

async function write(recording: Recording, one: ClassifiedFrame, enhance = true): Promise<void> {
  await recording.writeRaw(one);
  if (enhance) await recording.writeEnhanced(one);
  recording.writeRow(row(one, enhance ? 'enhanced' : 'superseded'));
}

/** Frames 0..9, a second apart after frame 4; frame 3 superseded, frame 5 corrupt, two frames missing. */
async function recordTen(): Promise<string> {
  const recording = await start();
  for (let sequence = 0; sequence < 10; sequence++) {
    const one = frame(sequence);
    if (sequence === 5) {
      const { meta: _, prediction: __, ...corrupt } = row(one, 'corrupt');
      recording.writeRow({ ...corrupt, recorded: false, because: 'frame-5.tif: truncated' });
    } else {
      await write(recording, one, sequence !== 3);
    }
  }
  recording.writeMissing?.({ type: 'missing', count: 2, reason: 'gap 10..11', noticedMs: 1_800_000_000_600 });
  await recording.close(totals({ arrived: 10, recorded: 9, enhanced: 8, superseded: 1, corrupt: 1, missing: 2 }));
  return recording.status.path!;
}

describe('a closed session', () => {
  it('gives each frame its pixels, its row and its prediction', async () => {
    const session = await openAt(await recordTen());
    expect(session.acquisition).toEqual(acquisition());
    expect(session.frameCount).toBe(10);
    expect(session.isLive).toBe(false);
    const seven = frame(7);
    expect((await session.planeOf(7, 'raw'))!.plane).toEqual(seven.raw);
    expect(await session.planeOf(7, 'enhanced')).toMatchObject({
      plane: seven.enhanced!.plane,
      intensityScale: 1 / 16,
      magnification: 2,
    });
    expect(session.row(7)).toMatchObject({ name: 'frame-7.tif', prediction: seven.enhanced!.prediction });
    expect(await session.planeOf(3, 'enhanced')).toBeUndefined();
    expect(await session.planeOf(5, 'raw')).toBeUndefined();
    expect(session.row(5)).toMatchObject({ end: 'corrupt', because: 'frame-5.tif: truncated' });
    expect(session.events).toContainEqual(expect.objectContaining({ event: 'missing', count: 2 }));
  });

  it('finds frames by place and by time', async () => {
    const session = await openAt(join(await recordTen(), 'frames.jsonl'));
    expect(session.index.byPlace({ t: 8, c: 0, z: 0 })!.sequence).toBe(8);
    expect(session.index.byPlace({ t: 5, c: 0, z: 0 })).toBeUndefined();
    const at = (sequence: number) => frame(sequence).meta.arrivedMs;
    expect(session.index.byTime(at(2) + 10)!.sequence).toBe(2);
    expect(session.index.byTime(at(0) - 1000)!.sequence).toBe(0);
  });

  it('plays its raw frames in order', async () => {
    const session = await openAt(await recordTen());
    const sequences: (number | undefined)[] = [];
    for await (const { row: one } of session.frames()) sequences.push(one?.sequence);
    expect(sequences).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9]);
  });

  it('sums up its seconds', async () => {
    const session = await openAt(await recordTen());
    const counted = session.summaries().reduce((sum, { frames }) => sum + frames, 0);
    expect(counted).toBe(10);
    expect(session.summaries()[0]).toMatchObject({ second: 0, firstSequence: 0, ends: { superseded: 1 } });
  });

  it('opens without its index, which is made again from the ledger', async () => {
    const folder = await recordTen();
    const whole = await openAt(folder);
    const before = Array.from({ length: whole.index.count }, (_, at) => whole.index.entry(at));
    rmSync(join(folder, 'frames.index'));
    const session = await openAt(folder);
    expect(Array.from({ length: session.index.count }, (_, at) => session.index.entry(at))).toEqual(before);
  });

  it('refuses a damaged plane by name', async () => {
    const folder = await recordTen();
    const shard = join(folder, 'images.ome.zarr/raw/0/c/0/0/0/0/0');
    const bytes = readFileSync(shard);
    bytes[60]! ^= 1;
    writeFileSync(shard, bytes);
    const session = await openAt(folder);
    await expect(session.planeOf(0, 'raw')).rejects.toMatchObject({
      tag: 'session',
      message: /t 0, c 0, z 0 is damaged/,
    });
    expect(await session.planeOf(1, 'raw')).toBeDefined();
  });

  it('is not found where there is none', async () => {
    await expect(openAt(root)).rejects.toThrow(/no session is there/);
  });
});

describe('a session that is being recorded', () => {
  it('is read while it grows', async () => {
    const recording = await start();
    await write(recording, frame(0));
    await expect.poll(async () => (await openAt(recording.status.path!)).frameCount).toBe(1);
    const session = await openAt(recording.status.path!);
    expect(session.isLive).toBe(true);
    expect((await session.planeOf(0, 'enhanced'))!.plane).toEqual(frame(0).enhanced!.plane);
    for (let sequence = 1; sequence < 7; sequence++) await write(recording, frame(sequence));
    await recording.close(totals({ arrived: 7, recorded: 7, enhanced: 7 }));
    session.refresh();
    expect(session.frameCount).toBe(7);
    for (const sequence of [0, 2, 6]) {
      expect((await session.planeOf(sequence, 'raw'))!.plane).toEqual(frame(sequence).raw);
    }
  });
});
