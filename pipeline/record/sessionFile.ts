/** `session.json`: what is constant for a session. Written once, when it opens; the ledger's chain begins with its hash. */

import { arch, platform } from 'node:os';
import type { Acquisition } from '../frame.ts';
import type { RecordOrder } from './messages.ts';
import { FSYNC_PROMISES } from './settings.ts';

export const SESSION_FILE = 'session.json';
/** Raised when a reader of the version before could misread a session. */
export const SESSION_VERSION = 1;

export interface SessionConstants {
  readonly schema: 'scopestream-session';
  readonly version: number;
  readonly acquisition: Acquisition;
  readonly recording: {
    readonly fsync: string;
    readonly fsyncIntervalMs: number;
    readonly promise: string;
    readonly codec: string;
  };
  readonly software: {
    readonly name: string;
    readonly version: string;
    readonly node: string;
    readonly platform: string;
  };
  readonly [constant: string]: unknown;
}

export function sessionConstants(order: RecordOrder): SessionConstants {
  const { fsync, fsyncIntervalMs, codec, softwareVersion } = order.settings;
  return {
    ...order.constants,
    schema: 'scopestream-session',
    version: SESSION_VERSION,
    acquisition: order.acquisition,
    recording: { fsync, fsyncIntervalMs, promise: FSYNC_PROMISES[fsync], codec },
    software: {
      name: 'scopestream',
      version: softwareVersion,
      node: process.version,
      platform: `${platform()} ${arch()}`,
    },
  };
}
