import { EnhanceError } from '../pipeline/errors.ts';
import type { Plane } from '../pipeline/frame.ts';
import { siblingModule } from '../pipeline/thread.ts';
import type { MethodSpec, RunReply, RunRequest } from './inferenceMessages.ts';
import { ModelProcess, type ProcessEvent, type ProcessSettings } from './modelProcess.ts';

/** The service's end of a process that enhances. What it is asked rejects with EnhanceError. */

export interface ClientSettings extends ProcessSettings {
  /** A run that takes longer is stopped; a frame that is enlarged twice gets this for each begun megapixel. */
  readonly runTimeoutMs: number;
}

export type InferenceEvent = ProcessEvent;

export interface RunResult extends RunReply {
  readonly data: Uint8Array | Uint16Array;
}

/** A frame without its pixels. */
export type FrameRequest = Omit<RunRequest, 'planes'>;

const KIND = {
  name: 'the inference process',
  entry: siblingModule(import.meta.url, './inferenceProcess'),
  fault: (problem: string) => new EnhanceError(problem),
};

export class InferenceClient extends ModelProcess<MethodSpec, RunRequest, RunReply> {
  readonly #runTimeoutMs: number;
  readonly #loadTimeoutMs: number;

  constructor(settings: ClientSettings) {
    super(KIND, settings);
    this.#runTimeoutMs = settings.runTimeoutMs;
    this.#loadTimeoutMs = settings.loadTimeoutMs;
  }

  /** One frame through a loaded method; `planes` oldest first. `magnification`: what is given grows with it, and so does the time. */
  run(key: string, request: FrameRequest, planes: readonly Plane[], magnification = 2): Promise<RunResult> {
    const share = Math.max(magnification / 2, 1) ** 2;
    const megapixels = Math.ceil((share * request.sizeX * request.sizeY) / 2 ** 20);
    return this.#run(key, request, planes, megapixels * this.#runTimeoutMs);
  }

  /** The same with the time of a load: first runs compile. */
  warmUp(key: string, request: FrameRequest, planes: readonly Plane[]): Promise<RunResult> {
    return this.#run(key, request, planes, this.#loadTimeoutMs);
  }

  async #run(key: string, request: FrameRequest, planes: readonly Plane[], timeoutMs: number): Promise<RunResult> {
    const run = { ...request, planes: planes.length };
    const parts = planes.map((plane) => plane.data);
    const { done, bytes } = await this.ask(key, run, parts, timeoutMs);
    return { ...done, data: done.pixelType === 'uint8' ? bytes : new Uint16Array(bytes.buffer) };
  }
}
