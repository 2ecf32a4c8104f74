import { parentPort, workerData } from 'node:worker_threads';
import { exposeFrame } from './exposure.ts';
import { prepareBench, type SimulatorSettings } from './settings.ts';

/** Renders frames as they are asked for, off the main thread. It ends when asked to close, after the frame in work. */

export type RenderRequest = { readonly index: number } | 'close';
export interface RenderedFrame {
  readonly index: number;
  readonly data: Uint8Array | Uint16Array;
  /** What the specimen shows. */
  readonly channelName: string;
  readonly samplesPerPixel: 1 | 3;
}

const port = parentPort;
if (port) {
  const bench = prepareBench(workerData as SimulatorSettings);
  const { name: channelName, samplesPerPixel } = bench.scene;
  port.on('message', (request: RenderRequest) => {
    if (request === 'close') return port.close();
    const data = exposeFrame(bench, request.index);
    const frame: RenderedFrame = { index: request.index, data, channelName, samplesPerPixel };
    port.postMessage(frame, [data.buffer as ArrayBuffer]);
  });
}
