/** What a disk can do to a recording, in words. */

import { statfsSync } from 'node:fs';

/** The disk has less room than must stay free for closing the session. */
export class DiskFull extends Error {}

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
  if (error instanceof DiskFull) return `${folder}: ${error.message}`;
  const { code, message } = error as NodeJS.ErrnoException;
  const problem = code === undefined ? undefined : PROBLEMS[code];
  return problem ? `${folder}: ${problem} (${code})` : `${folder}: ${message}`;
}

/** Bytes that this process may still write to the disk of `folder`. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
