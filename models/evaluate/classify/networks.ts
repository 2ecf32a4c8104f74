import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { EnhanceError } from '../../../pipeline/errors.ts';
import { siblingModule, startThread } from '../../../pipeline/thread.ts';
import type { TensorValue } from '../../onnxSession.ts';
import type { NetworkReply, NetworkRequest } from './networkThread.ts';

/**
 * Any number of networks in one worker thread, so that resampling and scoring go on while they run. A thread and not a
 * process: nothing else of value lives beside an evaluation, and its tensors need not be copied.
 */
export class Networks {
  readonly #worker: Worker;
  readonly #pending = new Map<number, { resolve(reply: NetworkReply): void; reject(error: Error): void }>();
  #nextId = 0;

  constructor() {
    this.#worker = startThread(siblingModule(import.meta.url, './networkThread'));
    this.#worker.on('message', (reply: NetworkReply) => {
      this.#pending.get(reply.id)?.resolve(reply);
      this.#pending.delete(reply.id);
    });
    this.#worker.on('error', (error: Error) => this.#failed(error));
    this.#worker.on('exit', () => this.#failed(new EnhanceError('the thread of the networks has ended')));
  }

  /** Loads an ONNX file under a key. Rejects with EnhanceError. */
  async open(key: string, path: string): Promise<void> {
    await this.#ask({ op: 'open', key, path, threads: availableParallelism() }, []);
  }

  /** From a network's only input to its only output. The input's memory goes to the network: it is empty afterwards. */
  async run(key: string, input: TensorValue): Promise<TensorValue> {
    const output = await this.#ask({ op: 'run', key, input }, [input.data.buffer as ArrayBuffer]);
    return output!;
  }

  /** Ends the thread when it has done what was asked. */
  async close(): Promise<void> {
    await this.#ask({ op: 'close' }, []).catch(() => {});
  }

  async #ask(
    request: DistributedOmit<NetworkRequest, 'id'>,
    memory: readonly ArrayBuffer[],
  ): Promise<TensorValue | undefined> {
    const id = this.#nextId++;
    const reply = await new Promise<NetworkReply>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...request }, memory);
    });
    if ('problem' in reply) throw new EnhanceError(reply.problem);
    return reply.output;
  }

  #failed(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** `Omit` on each member of a union by itself. */
type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
