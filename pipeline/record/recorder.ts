/**
 * Keeps a session: the side of the recorder that the path talks to. Planes are copied and moved to the recording thread;
 * nothing here touches a file.
 */

import type { Worker } from 'node:worker_threads';
import { messageOf, RecordError } from '../errors.ts';
import type { ClassifiedFrame, Frame, MissingFrames, Plane } from '../frame.ts';
import type { LedgerRow, LedgerTotals } from '../ledger.ts';
import type { Recorder, Recording, RecordingStatus } from '../ports.ts';
import { siblingModule, startThread } from '../thread.ts';
import { abandonLockWhenBack } from './lock.ts';
import type { DiskReport, EnhancedTask, FromThread, RawTask, RecordOrder, ToThread } from './messages.ts';
import { RECORD_DEFAULTS, type RecordSettings } from './settings.ts';

/** Planes on their way to the thread hold at most this much memory (or one plane, if that is larger). */
const MAX_BYTES_HANDED_OVER = 64 * 2 ** 20;
/** A disk that does not answer for this long is worth a warning. */
const SLOW_DISK_MS = 3000;
/** Buffers kept for the next planes. */
const MAX_SPARE_BUFFERS = 8;

/** A recorder that keeps sessions under `settings.root`. */
export function createRecorder(
  settings: Partial<RecordSettings> & Pick<RecordSettings, 'root' | 'softwareVersion'>,
): Recorder {
  const { constants, ...rest } = { ...RECORD_DEFAULTS, ...settings };
  return {
    open: (acquisition) => openRecording({ acquisition, settings: rest, constants: constants?.(acquisition) ?? {} }),
  };
}

/** Starts the thread. Throws RecordError when the session's folder cannot be made. */
function openRecording(order: RecordOrder): Promise<Recording> {
  const thread = startThread(siblingModule(import.meta.url, './recordThread'), { workerData: order });
  return new Promise((resolve, reject) => {
    thread.once('message', (message: FromThread) => {
      if (message.type === 'opened') resolve(new ThreadRecording(thread, message.folder));
      else reject(new RecordError(message.type === 'failed' ? message.problem : 'the recorder did not start'));
    });
    thread.once('error', (error) => reject(new RecordError('the recorder did not start', { cause: error })));
  });
}

interface Pending {
  readonly sizeBytes: number;
  readonly handedOverMs: number;
  readonly resolve: () => void;
  readonly reject: (error: RecordError) => void;
}

class ThreadRecording implements Recording {
  readonly #thread: Worker;
  readonly #folder: string;
  readonly #pending = new Map<number, Pending>();
  readonly #spare: Uint8Array[] = [];
  #nextId = 0;
  #bytesHandedOver = 0;
  /** Those who wait for room, oldest first. */
  readonly #waitingForRoom: (() => void)[] = [];
  #rawFrames = 0;
  #enhancedFrames = 0;
  #disk: DiskReport = { bytesWritten: 0 };
  #failure: RecordError | undefined;
  #closed: { readonly resolve: () => void } | undefined;
  #isClosed = false;
  /** The thread has ended, as it should or not. */
  #hasEnded = false;

  constructor(thread: Worker, folder: string) {
    this.#thread = thread;
    this.#folder = folder;
    thread.on('message', (message: FromThread) => this.#hear(message));
    thread.on('error', (error) => this.#fail(new RecordError(`${folder}: ${messageOf(error)}`, { cause: error })));
    thread.on('exit', () => {
      this.#hasEnded = true;
      if (!this.#isClosed) this.#fail(new RecordError(`${folder}: the recording thread has ended`));
      if (this.#failure) void abandonLockWhenBack(folder);
    });
  }

  async writeRaw(frame: Frame): Promise<void> {
    await this.#write('raw', frame.raw, (pixels) => taskOf(frame, pixels));
    this.#rawFrames += 1;
  }

  async writeEnhanced(frame: ClassifiedFrame): Promise<void> {
    const { enhanced, normalisation } = frame;
    if (!enhanced) return;
    const { plane, intensityScale, magnification, prediction } = enhanced;
    const { sizeX, sizeY, samplesPerPixel, pixelType } = plane;
    await this.#write('enhanced', plane, (pixels): EnhancedTask => ({
      ...taskOf(frame, pixels),
      ...{ sizeX, sizeY, samplesPerPixel, pixelType },
      ...{ intensityScale, magnification, prediction, normalisation },
    }));
    this.#enhancedFrames += 1;
  }

  writeRow(row: LedgerRow): void {
    this.#post({ type: 'row', row });
  }

  writeMissing(missing: MissingFrames): void {
    this.#post({ type: 'missing', missing });
  }

  get status(): RecordingStatus {
    const { waiting, warning, ...disk } = this.#disk;
    const problem = this.#failure?.message ?? waiting ?? this.#slowness() ?? warning;
    return {
      state: this.#failure ? 'failed' : this.#isClosed ? 'closed' : waiting ? 'waiting' : 'recording',
      path: this.#folder,
      rawFrames: this.#rawFrames,
      enhancedFrames: this.#enhancedFrames,
      ...disk,
      ...(problem !== undefined && { warning: problem }),
    };
  }

  /** Throws RecordError when the session could not be finished; what was recorded is on disk all the same. */
  async close(totals: LedgerTotals): Promise<void> {
    if (this.#isClosed) return;
    if (this.#hasEnded) throw this.#failure ?? new RecordError(`${this.#folder}: the recording thread has ended`);
    const closed = new Promise<void>((resolve) => (this.#closed = { resolve }));
    this.#post({ type: 'close', totals });
    await closed;
    await this.#thread.terminate();
    if (this.#failure) throw this.#failure;
  }

  async #write(kind: 'raw' | 'enhanced', plane: Plane, makeTask: (pixels: Uint8Array) => RawTask): Promise<void> {
    const sizeBytes = plane.data.byteLength;
    await this.#room(sizeBytes);
    if (this.#failure) throw this.#failure;
    const pixels = this.#copy(plane);
    const id = this.#nextId++;
    await new Promise<void>((resolve, reject) => {
      this.#pending.set(id, { sizeBytes, handedOverMs: performance.now(), resolve, reject });
      this.#post({ type: kind, id, task: makeTask(pixels) } as ToThread, [pixels.buffer as ArrayBuffer]);
    });
  }

  /** Resolves when a plane of this size may be handed over; the first to ask is the first to go. */
  async #room(sizeBytes: number): Promise<void> {
    const isFull = () => this.#bytesHandedOver > 0 && this.#bytesHandedOver + sizeBytes > MAX_BYTES_HANDED_OVER;
    while (!this.#failure && isFull()) await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
    this.#bytesHandedOver += sizeBytes;
  }

  #copy(plane: Plane): Uint8Array {
    const { buffer, byteOffset, byteLength } = plane.data;
    const spare = this.#spare.pop();
    const pixels = spare?.length === byteLength ? spare : new Uint8Array(byteLength);
    pixels.set(new Uint8Array(buffer, byteOffset, byteLength));
    return pixels;
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, transfer);
  }

  #hear(message: FromThread): void {
    switch (message.type) {
      case 'written':
        if (this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(message.pixels);
        this.#settle(message.id)?.resolve();
        break;
      case 'refused': {
        const error = new RecordError(message.problem);
        this.#failure ??= error;
        this.#settle(message.id)?.reject(error);
        break;
      }
      case 'disk':
        this.#disk = message.report;
        break;
      case 'failed':
        this.#fail(new RecordError(message.problem));
        break;
      case 'closed':
        this.#isClosed = true;
        this.#closed?.resolve();
        break;
      case 'opened':
        break;
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#bytesHandedOver -= pending?.sizeBytes ?? 0;
    this.#waitingForRoom.shift()?.();
    return pending;
  }

  #fail(error: RecordError): void {
    this.#failure ??= error;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(error);
    for (const wake of this.#waitingForRoom.splice(0)) wake();
    this.#closed?.resolve();
  }

  #slowness(): string | undefined {
    const oldest = this.#pending.values().next().value;
    const ms = oldest ? performance.now() - oldest.handedOverMs : 0;
    return ms > SLOW_DISK_MS
      ? `The disk of ${this.#folder} has not answered for ${Math.round(ms / 1000)} s.`
      : undefined;
  }
}

function taskOf({ meta, description }: Frame, pixels: Uint8Array): RawTask {
  const { sequence, index, arrivedMs } = meta;
  const { channelName: name, emissionWavelength } = description;
  const channel = name === undefined ? undefined : { name, emissionWavelength };
  return { sequence, index, arrivedMs, pixels, ...(channel && { channel }) };
}
