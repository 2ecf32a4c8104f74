import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../../pipeline/errors.ts';
import { openSession, type OnnxSession, type TensorValue } from '../../onnxSession.ts';

/** The worker behind `networks.ts`: owns the sessions of onnxruntime and runs one request after the other. */

export type NetworkRequest =
  | { readonly id: number; readonly op: 'open'; readonly key: string; readonly path: string; readonly threads: number }
  | { readonly id: number; readonly op: 'run'; readonly key: string; readonly feeds: Record<string, TensorValue> }
  | { readonly id: number; readonly op: 'close' };

export type NetworkReply =
  | { readonly id: number; readonly outputs: Record<string, TensorValue> }
  | { readonly id: number; readonly problem: string };

const sessions = new Map<string, OnnxSession>();
let last: Promise<void> = Promise.resolve();

parentPort!.on('message', (request: NetworkRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: NetworkRequest): Promise<void> {
  try {
    const outputs = await serve(request);
    const memory = Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer);
    parentPort!.postMessage({ id: request.id, outputs } satisfies NetworkReply, memory);
  } catch (error) {
    parentPort!.postMessage({ id: request.id, problem: messageOf(error) } satisfies NetworkReply);
  }
}

async function serve(request: NetworkRequest): Promise<Record<string, TensorValue>> {
  switch (request.op) {
    case 'open':
      sessions.set(request.key, await openSession(request.path, { provider: 'cpu', threads: request.threads }));
      return {};
    case 'run':
      return sessions.get(request.key)!.run(request.feeds);
    case 'close':
      for (const session of sessions.values()) await session.release();
      parentPort!.close();
      return {};
  }
}
