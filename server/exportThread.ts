/** Exports one session in a thread of its own, so that drawing movies never holds up the live path. */

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../pipeline/errors.ts';
import { exportSession, type ExportOptions } from '../pipeline/record/export/exportSession.ts';
import { openSession } from '../pipeline/record/review.ts';

export interface ExportOrder {
  readonly folder: string;
  readonly options: Omit<ExportOptions, 'onProgress' | 'signal'>;
}

export type ExportReport =
  | { readonly type: 'progress'; readonly done: number; readonly of: number }
  | { readonly type: 'done'; readonly files: readonly string[] }
  | { readonly type: 'failed'; readonly problem: string };

const PROGRESS_EVERY_MS = 200;

const port = parentPort!;
const { folder, options } = workerData as ExportOrder;
const tell = (report: ExportReport) => port.postMessage(report);

const stopping = new AbortController();
port.once('message', () => stopping.abort());

let toldMs = 0;
try {
  const session = await openSession(folder);
  const files = await exportSession(session, {
    ...options,
    signal: stopping.signal,
    onProgress: (done, of) => {
      if (done < of && performance.now() - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = performance.now();
      tell({ type: 'progress', done, of });
    },
  });
  session.close();
  tell({ type: 'done', files });
} catch (error) {
  tell({ type: 'failed', problem: messageOf(error) });
}
port.close();
