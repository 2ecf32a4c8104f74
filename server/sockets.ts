import type { Server as HttpServer } from 'node:http';
import { type Namespace, Server } from 'socket.io';
import { RateLimit } from '../pipeline/rateLimit.ts';
import { socketIoBufferBytes } from '../pipeline/source/socketIo.ts';
import { isSameOrigin, isToken } from './auth.ts';
import type { Config } from './config/schema.ts';
import type { LiveNamespace } from './live.ts';
import { INGEST_NAMESPACE, LIVE_NAMESPACE } from './protocol.ts';

/** Viewers send settings and notes, never pixels. */
const VIEWER_MESSAGE_BYTES = 64 * 1024;

/** From one address: a room full of viewers that all come back at once. */
const MOST_CONNECTIONS_PER_SECOND = 100;

export interface Sockets {
  readonly live: LiveNamespace;
  readonly ingest: Namespace;
  close(): Promise<void>;
}

/** The two doors for sockets, behind the same checks. */
export function createSockets(http: HttpServer, { host, token, source, limits }: Config): Sockets {
  const attempts = new RateLimit(MOST_CONNECTIONS_PER_SECOND);
  const server = new Server(http, {
    serveClient: false,
    transports: ['websocket'],
    maxHttpBufferSize: source.kind === 'socketio' ? socketIoBufferBytes(limits.frameBytes) : VIEWER_MESSAGE_BYTES,
    allowRequest: ({ headers, socket }, done) =>
      done(null, attempts.allows(socket.remoteAddress) && isSameOrigin(headers, { host, token })),
  });
  // Nobody has business in the default namespace; who joins no other one is disconnected.
  server.use((_socket, next) => next(new Error(`connect to ${LIVE_NAMESPACE} or ${INGEST_NAMESPACE}`)));
  const guarded = (name: string): Namespace =>
    server.of(name).use(({ handshake }, next) => {
      next(isToken(token, handshake.auth.token) ? undefined : new Error('this service asks for its token'));
    });
  return { live: guarded(LIVE_NAMESPACE), ingest: guarded(INGEST_NAMESPACE), close: () => server.close() };
}
