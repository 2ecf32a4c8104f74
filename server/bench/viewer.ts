/** A viewer for benchmarks: a real socket.io client in a thread of its own, so that it does not share the service's event loop. */

import type { Worker } from 'node:worker_threads';
import { percentilesOf, type Percentiles } from '../../monitoring/secondWindow.ts';
import { siblingModule, startThread } from '../../pipeline/thread.ts';

export interface Watched {
  readonly frames: number;
  /** Arrival at the service to receipt by the viewer, ms. */
  readonly latencyMs: Percentiles | undefined;
}

export interface Viewer {
  /** What was seen since the last call. */
  seen(): Promise<Watched>;
  close(): Promise<void>;
}

export async function startViewer(url: string): Promise<Viewer> {
  const thread: Worker = startThread(siblingModule(import.meta.url, './viewerThread'), { workerData: { url } });
  const answer = () =>
    new Promise<number[]>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
    });
  await answer();
  return {
    seen: async () => {
      const latencies = answer();
      thread.postMessage('report');
      const seen = await latencies;
      return { frames: seen.length, latencyMs: percentilesOf(seen) };
    },
    close: async () => void (await thread.terminate()),
  };
}
