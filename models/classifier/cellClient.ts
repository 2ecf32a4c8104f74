import { ClassifyError } from '../../pipeline/errors.ts';
import type { PixelArray } from '../../pipeline/frame.ts';
import { siblingModule } from '../../pipeline/thread.ts';
import { ModelProcess, type ProcessSettings } from '../modelProcess.ts';
import type { CellSpec, LookReply, LookRequest } from './cellMessages.ts';

/** The service's end of the process that looks at cells. What it is asked rejects with ClassifyError. */

const KIND = {
  name: 'the process that looks at cells',
  entry: siblingModule(import.meta.url, './cellProcess'),
  fault: (problem: string) => new ClassifyError(problem),
};
const KEY = 'cells';

export interface CellClientSettings extends ProcessSettings {
  /** A look that takes longer is stopped, and the process started again, ms. */
  readonly lookTimeoutMs: number;
}

export class CellClient {
  readonly #process: ModelProcess<CellSpec, LookRequest, LookReply>;
  readonly #lookTimeoutMs: number;

  constructor(settings: CellClientSettings) {
    this.#process = new ModelProcess(KIND, settings);
    this.#lookTimeoutMs = settings.lookTimeoutMs;
  }

  get state(): 'ready' | 'restarting' | 'closed' {
    return this.#process.state;
  }

  load(spec: CellSpec): Promise<void> {
    return this.#process.load(KEY, spec);
  }

  /** The planes must not change before the answer is there. */
  async look(request: LookRequest, planes: readonly PixelArray[]): Promise<LookReply> {
    return (await this.#process.ask(KEY, request, planes, this.#lookTimeoutMs)).done;
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
