import { createServer } from 'node:net';
import type { Config } from '../config/schema.ts';
import type { Finding } from './finding.ts';

/** Every port that a session with these settings would open. */
export function ports({ host, port, source }: Config): Promise<Finding[]> {
  const wanted = [{ what: 'viewer port', host, port, setting: 'port' }];
  if (source.kind === 'tcp') wanted.push({ what: 'sender port', ...source.tcp, setting: 'source.tcp.port' });
  return Promise.all(
    wanted.map(async ({ what, host: address, port: number, setting }) => {
      const problem = await tryToListen(address, number);
      const found = problem ?? (number === 0 ? `${address}: any free one` : `${address}:${number} is free`);
      const advice = problem && `stop the other program, or choose another ${setting}`;
      return { what, ok: problem === undefined, found, advice };
    }),
  );
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
