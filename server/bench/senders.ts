/** Ways to send frames into a running service, as fast as it takes them. They run in a thread of their own: `senderThread.ts`. */

import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { io } from 'socket.io-client';
import type { Plane } from '../../pipeline/frame.ts';
import { bytesOf } from '../../pipeline/record/pixels.ts';
import { MAGIC, PREFIX_BYTES, VERSION } from '../../pipeline/source/ingest/tcpWire.ts';
import { INGEST_NAMESPACE } from '../protocol.ts';

/** Where the frames go. */
export type Target =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'socketio'; readonly url: string };

/** Sends the planes over and over, `count` frames in all. */
export function send(target: Target, planes: readonly Plane[], count: number): Promise<void> {
  switch (target.kind) {
    case 'folder':
      return writeFiles(target.folder, planes, count);
    case 'tcp':
      return sendOverTcp(target.port, planes, count);
    case 'socketio':
      return sendOverSocketIo(target.url, planes, count);
  }
}

/** Files are written under another name and renamed when they are whole, as careful exporters do. */
async function writeFiles(folder: string, planes: readonly Plane[], count: number): Promise<void> {
  const files = await Promise.all(planes.map(tiffOf));
  for (let number = 0; number < count; number++) {
    const path = join(folder, `img_t${String(number).padStart(6, '0')}.tif`);
    await writeFile(`${path}.part`, files[number % files.length] as Buffer);
    await rename(`${path}.part`, path);
  }
}

function tiffOf({ data, sizeX, sizeY }: Plane): Promise<Buffer> {
  return sharp(data as Uint16Array, { raw: { width: sizeX, height: sizeY, channels: 1 } })
    .toColourspace('grey16')
    .tiff({ compression: 'none' })
    .toBuffer();
}

async function sendOverTcp(port: number, planes: readonly Plane[], count: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  await once(socket, 'connect');
  for (let sequence = 0; sequence < count; sequence++) {
    const plane = planes[sequence % planes.length] as Plane;
    const pixels = bytesOf(plane);
    const header = Buffer.from(JSON.stringify(headerOf(plane, sequence)));
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.write(MAGIC, 'latin1');
    prefix.writeUInt16LE(VERSION, 4);
    prefix.writeUInt16LE(header.length, 6);
    prefix.writeUInt32LE(pixels.length, 8);
    socket.write(prefix);
    socket.write(header);
    if (!socket.write(pixels)) await once(socket, 'drain');
  }
  socket.end();
}

/** As many frames on their way as the protocol gives credit for. */
const CREDIT = 4;

async function sendOverSocketIo(url: string, planes: readonly Plane[], count: number): Promise<void> {
  const socket = io(`${url.slice(0, -1)}${INGEST_NAMESPACE}`, { transports: ['websocket'], forceNew: true });
  let next = 0;
  const sendOn = async (): Promise<void> => {
    while (next < count) {
      const sequence = next++;
      const plane = planes[sequence % planes.length] as Plane;
      await socket.emitWithAck('frame', headerOf(plane, sequence), bytesOf(plane));
    }
  };
  await Promise.all(Array.from({ length: CREDIT }, sendOn));
  socket.disconnect();
}

function headerOf({ sizeX, sizeY, pixelType }: Plane, sequence: number) {
  return { sequence, sizeX, sizeY, pixelType, significantBits: 12 };
}
