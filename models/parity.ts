import { ProviderError } from '../pipeline/errors.ts';
import { siblingModule } from '../pipeline/thread.ts';
import type { ProviderName } from './executionProvider.ts';
import { ModelProcess, type ProcessSettings } from './modelProcess.ts';

/**
 * What a package computes on an execution provider, on the test tensors in the package itself: the CPU is held against
 * the result that the package stores, every other provider against the CPU. In a process of its own, which a provider may take
 * down.
 */

export interface ParitySpec {
  /** Of the package; of any task. */
  readonly folder: string;
  readonly provider: ProviderName;
}

/** Of one output. */
export interface Parity {
  readonly output: string;
  /** Root mean square of the difference over the standard deviation of the reference. */
  readonly relative: number;
  /** Largest difference over the range of the reference. */
  readonly worst: number;
}

const KIND = {
  name: 'the process that checks',
  entry: siblingModule(import.meta.url, './parityProcess'),
  fault: (problem: string) => new ProviderError(problem, {}),
};

/** Software renderers need minutes for what a GPU does at once. */
const RUN_TIMEOUT_MS = 600_000;

export class ParityClient extends ModelProcess<ParitySpec, null, readonly Parity[]> {
  constructor(settings: ProcessSettings) {
    super(KIND, settings);
  }

  /** Rejects with ProviderError when the package does not load or run on the provider. */
  async check(spec: ParitySpec): Promise<readonly Parity[]> {
    const key = `${spec.folder} on ${spec.provider}`;
    await this.ready();
    try {
      await this.load(key, spec);
      return (await this.ask(key, null, [], RUN_TIMEOUT_MS)).done;
    } finally {
      this.forget(key); // A new process has nothing to load again.
    }
  }
}
