/** From settings to the source that they describe. */

import { basename } from 'node:path';
import type { Namespace } from 'socket.io';
import type { Logger } from '../monitoring/logger.ts';
import { countPages } from '../pipeline/decode/registry.ts';
import { ConfigError } from '../pipeline/errors.ts';
import type { Policy } from '../pipeline/flow.ts';
import type { Source } from '../pipeline/ports.ts';
import { openSessionIfThere, sessionFolder } from '../pipeline/record/review.ts';
import { createFolderSource } from '../pipeline/source/folder/folder.ts';
import { createReplaySource } from '../pipeline/source/replay.ts';
import { createSocketIoSource } from '../pipeline/source/socketIo.ts';
import { createSimulator } from '../pipeline/source/simulator/simulator.ts';
import { createTcpSource } from '../pipeline/source/tcp.ts';
import type { Config, SourceKind } from './config/schema.ts';

/** Files can wait for the model; an instrument that is live cannot. */
export function defaultPolicy(kind: SourceKind): Policy {
  return kind === 'folder' || kind === 'replay' ? 'every' : 'newest';
}

/** A source is opened once: a new one for each start. Throws ConfigError naming the setting that is missing or wrong. */
export function createSource(config: Config, ingest: Namespace, log: Logger): Source {
  const { source, token } = config;
  const note = (message: string) => log.info({ source: source.kind }, message);
  switch (source.kind) {
    case 'simulator': {
      const { preset, size, rate, frames, seed } = source.simulator;
      return createSimulator({
        preset,
        seed,
        sizeX: size,
        sizeY: size,
        rate: rate || undefined,
        realTime: rate !== 0,
        frames: frames || undefined,
      });
    }
    case 'folder': {
      const { path, ...settings } = source.folder;
      if (path === undefined) throw new ConfigError('source.folder.path is missing: the folder to watch');
      return createFolderSource({ path, ...settings, countPages, note });
    }
    case 'tcp':
      return createTcpSource({ ...source.tcp, token, limits: ingestLimits(config), note });
    case 'socketio':
      return createSocketIoSource({ namespace: ingest, limits: ingestLimits(config), note });
    case 'replay': {
      const { path, rate, loop } = source.replay;
      if (path === undefined) throw new ConfigError('source.replay.path is missing: what to replay');
      return createReplaySource({ path, rate: rate || 'fast', loop, countPages, openSession: openSessionIfThere });
    }
  }
}

function ingestLimits({ limits }: Config) {
  return { maxFrameBytes: limits.frameBytes, maxConnections: limits.senders };
}

/** Id of the recorded session that is replayed, if one is: it links the new session to it. */
export function replayedSession({ source }: Config): string | undefined {
  if (source.kind !== 'replay' || source.replay.path === undefined) return undefined;
  const folder = sessionFolder(source.replay.path);
  return folder && basename(folder);
}
