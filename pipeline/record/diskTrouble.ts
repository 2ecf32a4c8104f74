/** What a disk can do to a recording, in words. */

import { closeSync, fstatSync, ftruncateSync, openSync, statfsSync } from 'node:fs';
import { basename } from 'node:path';

/** The disk has less room than must stay free for closing the session. */
export class DiskFull extends Error {}

/** The disk came back, or was changed behind our back: what was written to it is not there. No waiting brings it back. */
export class LostWrites extends Error {
  constructor(file: string) {
    super(`the disk came back without all that was written to ${file}`);
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'the folder may not be written to',
  EPERM: 'the folder may not be written to',
  EIO: 'the disk reports an input/output error',
  ENODEV: 'the disk is gone',
  ENXIO: 'the disk is gone',
  ENOENT: 'the folder is gone: was the disk removed?',
  ENOTCONN: 'the network share is gone',
  ESTALE: 'the network share is gone',
  EFBIG: 'the file system does not take files as large as this',
  EMFILE: 'too many files are open',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a part of the path is a file',
};

/** `/data/session: the disk is full (ENOSPC)` */
export function describeDiskTrouble(error: unknown, folder: string): string {
  if (error instanceof DiskFull || error instanceof LostWrites) return `${folder}: ${error.message}`;
  const { code, message } = error as NodeJS.ErrnoException;
  const problem = code === undefined ? undefined : PROBLEMS[code];
  return problem ? `${folder}: ${problem} (${code})` : `${folder}: ${message}`;
}

/** Opens a file for appending behind its first `length` bytes: what lies after them was torn. Throws LostWrites when it is shorter. */
export function openToAppend(path: string, length: number): number {
  const fd = openSync(path, 'a');
  try {
    const { size } = fstatSync(fd);
    if (size < length) throw new LostWrites(basename(path));
    if (size > length) ftruncateSync(fd, length);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Bytes that this process may still write to the disk of `folder`. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
