import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What the file system says of a file at one time. */
export interface Look {
  readonly isFile: boolean;
  readonly sizeBytes: number;
  /** Unix ms */
  readonly modifiedMs: number;
  /** It has been moved to its name since it was last written. */
  readonly wasMoved: boolean;
  /** Stays the same when the file is renamed. */
  readonly identity: string;
}

/** Undefined when the file is not there, or cannot be asked. */
export async function takeLook(path: string): Promise<Look | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return (
    stats && {
      isFile: stats.isFile(),
      sizeBytes: stats.size,
      modifiedMs: stats.mtimeMs,
      wasMoved: stats.ctimeMs > stats.mtimeMs, // writing sets both times, moving only the first
      identity: identityOf(stats),
    }
  );
}

/** An inode number alone is used again by the next file after a deletion; with the time of birth it is not. */
export function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`;
}
