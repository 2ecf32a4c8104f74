import { Socket } from 'node:net';
import { messageOf } from '../pipeline/errors.ts';
import { createScratch } from './enhancer/scratch.ts';
import { createMessageReader, writeMessage, type Message } from './framing.ts';
import { PIPE_FD, type Reply, type Request } from './processMessages.ts';

/** What a process that holds models can do. What throws is answered as a problem. */
export interface Servant<Spec, Run, Done> {
  load(key: string, spec: Spec): Promise<void>;
  /** `bytes` are only lent until the answer is there. */
  run(key: string, run: Run, bytes: Uint8Array<ArrayBuffer>): Promise<Served<Done>>;
}

export interface Served<Done> {
  readonly done: Done;
  readonly data?: ArrayBufferView;
}

/**
 * The child's end: does one request after the other. The service may kill the process at any moment; it ends by itself when
 * the service is gone.
 */
export function serveRequests<Spec, Run, Done>(servant: Servant<Spec, Run, Done>): void {
  const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: true });
  // Ctrl-C reaches the whole process group; the service decides when it is time to end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  pipe.on('end', () => process.exit(0));
  pipe.on('error', () => process.exit(0));

  const serve = async (request: Request<Spec, Run>, bytes: Uint8Array<ArrayBuffer>): Promise<Partial<Served<Done>>> => {
    if (request.op === 'run') return servant.run(request.key, request.run, bytes);
    await servant.load(request.key, request.spec);
    return {};
  };
  const answer = async ({ header, bytes }: Message<Request<Spec, Run>>): Promise<void> => {
    const { id } = header;
    try {
      const { done, data } = await serve(header, bytes);
      await writeMessage(pipe, { id, ok: true, done } satisfies Reply<Done>, data ? [data] : []);
    } catch (error) {
      await writeMessage(pipe, { id, ok: false, problem: messageOf(error) } satisfies Reply<Done>);
    }
  };

  let last: Promise<void> = Promise.resolve();
  pipe.on(
    'data',
    createMessageReader<Request<Spec, Run>>(
      (message) => {
        last = last.then(() => answer(message));
      },
      // The service sends a request only when the one before is answered, so its memory is free again.
      createScratch((sizeBytes) => new ArrayBuffer(sizeBytes)),
    ),
  );
}
