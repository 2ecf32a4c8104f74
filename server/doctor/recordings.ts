import { mkdir, open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { percentilesOf } from '../../monitoring/secondWindow.ts';
import { messageOf } from '../../pipeline/errors.ts';
import type { Finding } from './finding.ts';

/** Raw 512x512 uint16 with its enhanced 1024x1024 at 30 frames/s, the most that the video-rate models are meant for. */
const NEEDED_BYTES_PER_SECOND = (512 * 512 + 1024 * 1024) * 2 * 30;
const SOON_FULL_SECONDS = 3600;
/** A flush of one plane that takes longer than this costs frames with `record.fsync: every-frame` at 20 frames/s. */
const SLOW_FLUSH_MS = 50;
const FLUSHES = 20;
const PLANE_BYTES = 256 * 256 * 2;

/** Writes 128 MB to the folder of the recordings, forces them out, and looks at how much room is left. */
export async function recordings(folder: string): Promise<Finding[]> {
  const path = join(folder, `.scopestream-doctor-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(path, 'wx');
    try {
      return [await throughput(file, folder), await flushTime(file), await room(folder)];
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  } catch (error) {
    const advice = `choose a folder that can be written: ${folder}`;
    return [{ what: 'recording disk', ok: false, found: messageOf(error), advice }];
  }
}

async function throughput(file: FileHandle, folder: string): Promise<Finding> {
  const block = Buffer.alloc(4 * 2 ** 20, 7);
  const blocks = 32;
  const startedMs = performance.now();
  for (let count = 0; count < blocks; count++) await file.write(block);
  await file.datasync();
  const perSecond = (blocks * block.length) / ((performance.now() - startedMs) / 1000);
  const ok = perSecond >= NEEDED_BYTES_PER_SECOND;
  return {
    what: 'recording disk',
    ok,
    found: `writes ${(perSecond / 1e6).toFixed(0)} MB/s (${folder})`,
    advice: ok
      ? undefined
      : `512x512 enhanced at 30 frames/s, uncompressed, takes ${(NEEDED_BYTES_PER_SECOND / 1e6).toFixed(0)} MB/s`,
  };
}

async function flushTime(file: FileHandle): Promise<Finding> {
  const plane = Buffer.alloc(PLANE_BYTES, 7);
  const times: number[] = [];
  for (let count = 0; count < FLUSHES; count++) {
    await file.write(plane);
    const startedMs = performance.now();
    await file.datasync();
    times.push(performance.now() - startedMs);
  }
  const { p50, max } = percentilesOf(times)!;
  const ok = p50 < SLOW_FLUSH_MS;
  return {
    what: '  flush',
    ok,
    found: `a plane of 256x256 is on the disk after ${p50.toFixed(1)} ms (median), ${max.toFixed(0)} ms at most`,
    advice: ok ? undefined : 'keep to record.fsync: interval, with which frames do not wait for it',
  };
}

async function room(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const seconds = freeBytes / NEEDED_BYTES_PER_SECOND;
  const ok = seconds > SOON_FULL_SECONDS;
  return {
    what: '  room',
    ok,
    found: `${(freeBytes / 1e9).toFixed(0)} GB free: ${(seconds / 3600).toFixed(1)} h at ${(NEEDED_BYTES_PER_SECOND / 1e6).toFixed(0)} MB/s`,
    advice: ok ? undefined : 'free some space, or record to another disk',
  };
}
