/** `recording.json` in a session folder: says that a recorder is at work there, so that nobody else puts it in order. */

import { existsSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CERTIFICATE_FILE } from './certificate.ts';
import { writeJsonAtomically } from './jsonFile.ts';

const LOCK_FILE = 'recording.json';
/** A recorder on another host touches its lock every second; after this long without it counts as gone. */
const SILENT_AFTER_MS = 60_000;
/** How often a disk that is gone is looked for. */
const LOOK_FOR_DISK_MS = 1000;

interface Lock {
  readonly host: string;
  readonly pid: number;
  /** Tells two processes with one id apart (containers start at 1 again each time); Linux only. */
  readonly processStart?: string;
}

export function lockSession(folder: string): void {
  const lock: Lock = { host: hostname(), pid: process.pid, processStart: processStart(process.pid) };
  writeJsonAtomically(join(folder, LOCK_FILE), lock);
}

export function touchLock(folder: string): void {
  const now = new Date();
  utimesSync(join(folder, LOCK_FILE), now, now);
}

export function unlockSession(folder: string): void {
  rmSync(join(folder, LOCK_FILE), { force: true });
}

/** The recorder lets go of a session that it could not close: whoever opens it next puts it in order. */
export function abandonLock(folder: string): void {
  try {
    utimesSync(join(folder, LOCK_FILE), 0, 0); // Works on a full disk, where nothing can be written.
  } catch {
    // The disk is gone or read-only: see below.
  }
}

/**
 * The same for a disk that may be gone: it is looked for as long as this process lives. Otherwise the lock of a living
 * process would say that it is still at work. Resolves when the lock is let go of, or the session was closed after all.
 */
export async function abandonLockWhenBack(folder: string): Promise<void> {
  for (;;) {
    const isDone = await utimes(join(folder, LOCK_FILE), 0, 0).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT' && existsSync(join(folder, CERTIFICATE_FILE)),
    );
    if (isDone) return;
    await sleep(LOOK_FOR_DISK_MS, undefined, { ref: false });
  }
}

/** `live`: a recorder is at work. `left`: one was, and is gone without closing. `none`: the session was closed. */
export function lockState(folder: string): 'live' | 'left' | 'none' {
  const path = join(folder, LOCK_FILE);
  let lock: Lock;
  let touchedMs: number;
  try {
    lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;
    touchedMs = statSync(path).mtimeMs;
  } catch {
    return 'none';
  }
  if (touchedMs === 0) return 'left';
  if (lock.host !== hostname()) return Date.now() - touchedMs < SILENT_AFTER_MS ? 'live' : 'left';
  return isRunning(lock.pid) && lock.processStart === processStart(lock.pid) ? 'live' : 'left';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat (the name before it may hold spaces, so count from its closing bracket). */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
