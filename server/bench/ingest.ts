/** How fast raw frames can be taken in and kept, none lost, whatever the model does. */

import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { io } from 'socket.io-client';
import type { ArrivedFrame, Plane } from '../../pipeline/frame.ts';
import { bytesOf } from '../../pipeline/record/pixels.ts';
import { MAGIC, PREFIX_BYTES, VERSION } from '../../pipeline/source/ingest/tcpWire.ts';
import { createService, type Service } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import { INGEST_NAMESPACE } from '../protocol.ts';
import { type Figure, perSecond } from './table.ts';

/** A way to send frames into a running service. */
interface Sender {
  readonly what: string;
  readonly flags: Readonly<Record<string, unknown>>;
  send(service: Service, planes: readonly Plane[], count: number): Promise<void>;
}

/** Sends `count` frames by each way as fast as the service takes them, recording all; the clock stops when the last is kept. */
export async function ingest(frames: readonly ArrivedFrame[], count: number): Promise<Figure[]> {
  const planes = frames.flatMap(({ payload }) => (payload.kind === 'plane' ? [payload.plane] : []));
  const scratch = await mkdtemp(join(tmpdir(), 'scopestream-bench-'));
  const figures: Figure[] = [];
  try {
    const folder = join(scratch, 'export');
    await mkdir(folder);
    for (const sender of [folderSender(folder), tcpSender(await freePort()), socketIoSender()]) {
      figures.push(await run(sender, join(scratch, 'recordings'), planes, count));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return figures;
}

async function run(sender: Sender, recordings: string, planes: readonly Plane[], count: number): Promise<Figure> {
  const config = loadConfig({
    flags: {
      port: 0,
      logLevel: 'error',
      'model.id': 'bicubic',
      policy: 'newest',
      'record.enabled': true,
      'record.folder': recordings,
      ...sender.flags,
    },
  });
  const service = await createService(config);
  try {
    const startedMs = performance.now();
    await sender.send(service, planes, count);
    while (service.totals.recorded < count) {
      if (performance.now() - startedMs > 120_000) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const seconds = (performance.now() - startedMs) / 1000;
    const { recorded, missing, corrupt } = service.totals;
    const lost = count - recorded;
    const values = {
      recorded: perSecond(recorded / seconds),
      of: String(count),
      lost: String(lost + missing + corrupt),
    };
    return { what: `ingest and record, ${sender.what}`, values };
  } finally {
    await service.close();
  }
}

/** Files are written under another name and renamed when they are whole, as careful exporters do. */
function folderSender(folder: string): Sender {
  return {
    what: 'folder',
    flags: { 'source.kind': 'folder', 'source.folder.path': folder, 'source.folder.existing': 'all' },
    async send(_service, planes, count) {
      const files = await Promise.all(planes.map(tiffOf));
      for (let number = 0; number < count; number++) {
        const path = join(folder, `img_t${String(number).padStart(6, '0')}.tif`);
        await writeFile(`${path}.part`, files[number % files.length] as Buffer);
        await rename(`${path}.part`, path);
      }
    },
  };
}

function tiffOf({ data, sizeX, sizeY }: Plane): Promise<Buffer> {
  return sharp(data as Uint16Array, { raw: { width: sizeX, height: sizeY, channels: 1 } })
    .toColourspace('grey16')
    .tiff({ compression: 'none' })
    .toBuffer();
}

function tcpSender(port: number): Sender {
  return {
    what: 'TCP',
    flags: { 'source.kind': 'tcp', 'source.tcp.port': port },
    async send(_service, planes, count) {
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
    },
  };
}

/** As many frames on their way as the protocol gives credit for. */
const CREDIT = 4;

function socketIoSender(): Sender {
  return {
    what: 'socket.io',
    flags: { 'source.kind': 'socketio' },
    async send(service, planes, count) {
      const socket = io(`${service.url.slice(0, -1)}${INGEST_NAMESPACE}`, {
        transports: ['websocket'],
        forceNew: true,
      });
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
    },
  };
}

function headerOf({ sizeX, sizeY, pixelType }: Plane, sequence: number) {
  return { sequence, sizeX, sizeY, pixelType, significantBits: 12 };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
