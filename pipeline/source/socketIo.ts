import type { Namespace, Socket } from 'socket.io';
import { messageOf, SourceError } from '../errors.ts';
import type { SourceEvent } from '../frame.ts';
import type { Source } from '../ports.ts';
import { RateLimit } from '../rateLimit.ts';
import { frameFrom, parseFrameHeader, pixelBytesOf } from './ingest/frameHeader.ts';
import { Handover } from './ingest/handover.ts';
import { DEFAULT_INGEST_LIMITS, type IngestLimits } from './ingest/limits.ts';
import { SequenceGaps } from './ingest/sequenceGaps.ts';
import { singleUse } from './singleUse.ts';

export interface SocketIoSourceOptions {
  /** Of the service's socket.io server; who may connect to it is the server's business. */
  readonly namespace: Namespace;
  readonly limits?: Partial<IngestLimits>;
  /** Told of senders that come, go and are refused. */
  readonly note?: (message: string) => void;
}

/** What the acknowledgement of a frame says. */
export type IngestAnswer = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/**
 * The `maxHttpBufferSize` that the socket.io server needs for frames of `maxFrameBytes`. With less (its own default is 1 MB) it
 * drops the connection of a sender without a word to either side.
 */
export function socketIoBufferBytes(maxFrameBytes: number = DEFAULT_INGEST_LIMITS.maxFrameBytes): number {
  return maxFrameBytes + 65_536;
}

/**
 * Takes frames over socket.io (`docs/protocols.md`): the event `frame` with header, pixels and an acknowledgement. The
 * acknowledgement comes when the frame is settled (`ArrivedFrame.settled`), and is the credit for the next one: a sender may have
 * `maxUnacknowledged` frames under way, and what it sends beyond that is refused at once.
 */
export function createSocketIoSource(options: SocketIoSourceOptions): Source {
  const { namespace } = options;
  return singleUse('socketio', `socket.io ${namespace.name}`, (signal) => new SocketIoIngest(options).open(signal));
}

class SocketIoIngest {
  readonly #namespace: Namespace;
  readonly #limits: IngestLimits;
  readonly #note: (message: string) => void;
  readonly #handover = new Handover<SourceEvent>();
  readonly #gaps = new SequenceGaps();
  readonly #sockets = new Set<Socket>();

  constructor({ namespace, limits, note }: SocketIoSourceOptions) {
    this.#namespace = namespace;
    this.#limits = { ...DEFAULT_INGEST_LIMITS, ...limits };
    this.#note = note ?? (() => undefined);
  }

  open(signal: AbortSignal): AsyncIterable<SourceEvent> {
    signal.addEventListener('abort', () => this.#close(), { once: true });
    if (signal.aborted) {
      this.#close();
    } else {
      this.#namespace.on('connection', this.#serve);
      for (const socket of this.#namespace.sockets.values()) this.#serve(socket);
    }
    return this.#handover.values();
  }

  #close(): void {
    this.#handover.close();
    this.#namespace.off('connection', this.#serve);
    for (const socket of this.#sockets) socket.disconnect();
  }

  readonly #serve = (socket: Socket): void => {
    const peer = `${socket.handshake.address.replace(/^::ffff:/, '')}/${socket.id}`;
    if (this.#sockets.size >= this.#limits.maxConnections) {
      const problem = `no more than ${this.#limits.maxConnections} senders at a time`;
      return this.#dismiss(socket, peer, problem);
    }
    this.#sockets.add(socket);
    socket.once('disconnect', () => {
      this.#sockets.delete(socket);
      this.#gaps.forget(peer);
    });

    let unacknowledged = 0;
    const { maxRefusalsPerSecond } = this.#limits;
    const refusals = new RateLimit(maxRefusalsPerSecond);
    const refuse = (problem: string): void => {
      if (refusals.allows()) return this.#note(`a frame of ${peer} was refused: ${problem}`);
      this.#dismiss(socket, peer, `more than ${maxRefusalsPerSecond} frames were refused in a second: ${problem}`);
    };
    socket.on('frame', (header: unknown, pixels: unknown, acknowledge: unknown) => {
      if (typeof acknowledge !== 'function') {
        const problem = 'a frame must ask for an acknowledgement';
        socket.emit('refused', problem);
        return refuse(problem);
      }
      const answer = (result: IngestAnswer): void => {
        unacknowledged -= 1;
        acknowledge(result);
      };
      unacknowledged += 1;
      this.#take(header, pixels, peer, unacknowledged, () => answer({ ok: true })).catch((error: unknown) => {
        answer({ ok: false, problem: messageOf(error) });
        refuse(messageOf(error));
      });
    });
  };

  #dismiss(socket: Socket, peer: string, problem: string): void {
    if (!socket.connected) return;
    this.#note(`${peer} was disconnected: ${problem}`);
    socket.emit('refused', problem);
    socket.disconnect();
  }

  async #take(
    header: unknown,
    pixels: unknown,
    peer: string,
    unacknowledged: number,
    settled: () => void,
  ): Promise<void> {
    const { maxUnacknowledged, maxFrameBytes } = this.#limits;
    if (unacknowledged > maxUnacknowledged) {
      throw new SourceError(
        `more than ${maxUnacknowledged} frames without acknowledgement: wait for one before sending`,
      );
    }
    const parsed = parseFrameHeader(header);
    const pixelBytes = pixelBytesOf(parsed, maxFrameBytes);
    if (!(pixels instanceof Uint8Array)) throw new SourceError('the pixels must be binary');
    if (pixels.byteLength !== pixelBytes) {
      throw new SourceError(`${pixels.byteLength} bytes of pixels were sent, but the header describes ${pixelBytes}`);
    }
    const missing = this.#gaps.advance(parsed.sender ?? peer, parsed.sequence);
    const frame = { ...frameFrom(parsed, pixels, peer, 'socketio'), settled };
    const offers = [missing && this.#handover.offer(missing), this.#handover.offer(frame)];
    const [, taken] = await Promise.all(offers);
    if (!taken) throw new SourceError('the service has stopped');
  }
}
