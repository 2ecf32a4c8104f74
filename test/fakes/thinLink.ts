/** A TCP line that carries only so many bytes a second towards its client, as a thin network does. */

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface ThinLink {
  readonly port: number;
  /** Bytes that went towards clients. */
  readonly carried: () => number;
  close(): Promise<void>;
}

const TICK_MS = 20;

/** A door to `port` of this computer. */
export async function startThinLink(port: number, bytesPerSecond: number): Promise<ThinLink> {
  let carried = 0;
  const sockets = new Set<Socket>();
  const pairs = new Set<{ readonly from: Socket; readonly to: Socket }>();

  const server = createServer((client) => {
    const service = connect(port, '127.0.0.1');
    const pair = { from: service, to: client };
    pairs.add(pair);
    client.pipe(service);
    service.on('end', () => client.end());
    for (const socket of [client, service]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        pairs.delete(pair);
        client.destroy();
        service.destroy();
      });
    }
  });

  // What was not used is not saved up: a line has no memory. All clients share the one line.
  const timer = setInterval(() => {
    let room = Math.ceil((bytesPerSecond * TICK_MS) / 1000);
    for (const { from, to } of pairs) {
      const bytes = (from.read(Math.min(room, from.readableLength)) ?? from.read(0)) as Buffer | null;
      if (!bytes || bytes.length === 0) continue;
      room -= bytes.length;
      carried += bytes.length;
      to.write(bytes);
    }
  }, TICK_MS);

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    carried: () => carried,
    close: () => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
