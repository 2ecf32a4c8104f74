import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../../pipeline/errors.ts';
import { openSession, type OnnxSession, type TensorValue } from '../../onnxSession.ts';

/** The worker behind `networks.ts`: owns the sessions of onnxruntime and runs one request after the other. */

export type NetworkRequest =
  | { readonly id: number; readonly op: 'open'; readonly key: string; readonly path: string; readonly threads: number }
  | { readonly id: number; readonly op: 'run'; readonly key: string; readonly input: TensorValue }
  | { readonly id: number; readonly op: 'close' };

export type NetworkReply =
  { readonly id: number; readonly output?: TensorValue } | { readonly id: number; readonly problem: string };

const sessions = new Map<string, OnnxSession>();
let last: Promise<void> = Promise.resolve();

parentPort!.on('message', (request: NetworkRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: NetworkRequest): Promise<void> {
  try {
    const output = await serve(request);
    const memory = output ? [output.data.buffer as ArrayBuffer] : [];
    parentPort!.postMessage({ id: request.id, output } satisfies NetworkReply, memory);
  } catch (error) {
    parentPort!.postMessage({ id: request.id, problem: messageOf(error) } satisfies NetworkReply);
  }
}

async function serve(request: NetworkRequest): Promise<TensorValue | undefined> {
  switch (request.op) {
    case 'open': {
      const { key, path, threads } = request;
      sessions.set(key, await openSession(path, { provider: 'cpu', threads }));
      return undefined;
    }
    case 'run': {
      const session = sessions.get(request.key)!;
      const outputs = await session.run({ [session.inputNames[0]]: request.input });
      return outputs[session.outputNames[0]];
    }
    case 'close':
      for (const session of sessions.values()) await session.release();
      parentPort!.close();
      return undefined;
  }
}
