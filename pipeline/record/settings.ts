import type { Acquisition } from '../frame.ts';

/** How a session is kept. */
export interface RecordSettings {
  /** Folder that holds the sessions; made when it is missing. */
  readonly root: string;
  /** When a plane counts as kept: see `FSYNC_PROMISES`. */
  readonly fsync: FsyncPolicy;
  /** ms between two flushes under the policy `interval`. */
  readonly fsyncIntervalMs: number;
  readonly codec: CodecName;
  /** What to do when the disk is full, read-only or gone: end the session, or hold the source until it is well again. */
  readonly onDiskTrouble: 'end' | 'wait';
  /** Bytes that are never filled with frames, so that a session on a full disk can still be closed properly. */
  readonly reserveBytes: number;
  /** Warn when the disk will be full sooner than this, s. */
  readonly warnSecondsLeft: number;
  /** Time points in one shard file; absent: as many as `planesPerShard` finds right for the size of a plane. */
  readonly planesPerShard?: number;
  readonly softwareVersion: string;
  /** Anything else that is constant for the session and belongs in `session.json`: policy, model, linked session. */
  readonly constants?: (acquisition: Acquisition) => Readonly<Record<string, unknown>>;
}

export type FsyncPolicy = 'every-frame' | 'interval' | 'close';
export type CodecName = 'none' | 'blosc' | 'zstd';

/** What each policy promises of a frame that was counted as recorded; stated in `session.json`. */
export const FSYNC_PROMISES: Readonly<Record<FsyncPolicy, string>> = {
  'every-frame': 'A recorded frame survives a crash of the program and a loss of power.',
  interval:
    'A recorded frame survives a crash of the program; a loss of power can cost the frames since the last flush (fsyncIntervalMs).',
  close: 'A recorded frame survives a crash of the program; a loss of power can cost any frame of an unfinished shard.',
};

export const RECORD_DEFAULTS = {
  fsync: 'interval',
  fsyncIntervalMs: 1000,
  codec: 'blosc',
  onDiskTrouble: 'end',
  reserveBytes: 64 * 2 ** 20,
  warnSecondsLeft: 600,
} as const;

const MAX_PLANES_PER_SHARD = 512;
const MAX_SHARD_BYTES = 256 * 2 ** 20;

/** Time points in one shard: a power of two, at most 512, of at most 256 MiB before compression. */
export function planesPerShard(planeBytes: number): number {
  const fitting = Math.max(1, Math.min(MAX_PLANES_PER_SHARD, MAX_SHARD_BYTES / planeBytes));
  return 2 ** Math.floor(Math.log2(fitting));
}
