import { connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { coordinatePlane, SIZE } from './coordinateFrames.ts';

/** Frame `n` as a sender describes it. */
export function headerOf(n: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { sequence: n, sizeX: SIZE, sizeY: SIZE, pixelType: 'uint16', significantBits: 12, t: n, ...more };
}

export function pixelsOf(n: number): Buffer {
  return Buffer.from(coordinatePlane(n).data.buffer as ArrayBuffer);
}

/** A frame as it goes over TCP; `prefix` overrides what the prefix says. */
export function encodeTcp(
  header: unknown,
  pixels: Uint8Array,
  prefix: { magic?: string; version?: number; headerBytes?: number; pixelBytes?: number } = {},
): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(12);
  head.write(prefix.magic ?? 'SCOP', 'latin1');
  head.writeUInt16LE(prefix.version ?? 1, 4);
  head.writeUInt16LE(prefix.headerBytes ?? json.length, 6);
  head.writeUInt32LE(prefix.pixelBytes ?? pixels.byteLength, 8);
  return Buffer.concat([head, json, pixels]);
}

export function tcpFrame(n: number, more: Record<string, unknown> = {}): Buffer {
  return encodeTcp(headerOf(n, more), pixelsOf(n));
}

export interface TestSender {
  readonly socket: Socket;
  /** Everything that the service said until it closed the connection. */
  readonly answer: Promise<string>;
}

export async function connectTo({ address, port }: AddressInfo): Promise<TestSender> {
  const socket = connect({ host: address, port });
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  const answer = once(socket, 'close').then(() => text);
  await once(socket, 'connect');
  return { socket, answer };
}
