import { parentPort, workerData } from 'node:worker_threads';
import { io, type Socket } from 'socket.io-client';
import { LIVE_NAMESPACE, type ServerToViewer, type ViewerToServer } from '../protocol.ts';

/** Acknowledges each frame, and reports the latencies since the last report, ms. */
const { url } = workerData as { url: string };
let latencies: number[] = [];

const socket: Socket<ServerToViewer, ViewerToServer> = io(`${url.replace(/\/$/, '')}${LIVE_NAMESPACE}`, {
  transports: ['websocket'],
});
socket.once('state', () => parentPort?.postMessage([]));
socket.on('frame', (header, _raw, _enhanced, received) => {
  latencies.push(performance.timeOrigin + performance.now() - header.arrivedMs);
  received();
});
parentPort?.on('message', () => {
  parentPort?.postMessage(latencies);
  latencies = [];
});
