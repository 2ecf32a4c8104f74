import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Server, type Namespace } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import type { IngestAnswer } from '../../../pipeline/source/socketIo.ts';

export interface IngestServer {
  readonly namespace: Namespace;
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A socket.io server as the service has one. */
export async function startIngestServer(maxHttpBufferSize: number): Promise<IngestServer> {
  const http = createServer();
  const server = new Server(http, { maxHttpBufferSize });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return {
    namespace: server.of('/ingest'),
    url: `http://127.0.0.1:${port}/ingest`,
    port,
    close: () => server.close(),
  };
}

export async function connectSender(url: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** Sends a frame; resolves to the answer, rejects when the connection is lost before it comes. */
export function sendFrame(socket: Socket, header: unknown, pixels: unknown): Promise<IngestAnswer> {
  return new Promise((resolve, reject) => {
    if (!socket.connected) return reject(new Error('not connected'));
    socket.once('disconnect', reject);
    socket.emit('frame', header, pixels, (answer: IngestAnswer) => {
      socket.off('disconnect', reject);
      resolve(answer);
    });
  });
}
