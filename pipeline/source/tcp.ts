import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { messageOf, SourceError } from '../errors.ts';
import type { SourceEvent } from '../frame.ts';
import type { Source } from '../ports.ts';
import { RateLimit } from '../rateLimit.ts';
import { sameSecret } from '../sameSecret.ts';
import { ByteReader, CutOffError } from './ingest/byteReader.ts';
import { frameFrom, pixelBytesOf, type FrameHeader } from './ingest/frameHeader.ts';
import { Handover } from './ingest/handover.ts';
import { DEFAULT_INGEST_LIMITS, type IngestLimits } from './ingest/limits.ts';
import { SequenceGaps } from './ingest/sequenceGaps.ts';
import { readHeader } from './ingest/tcpWire.ts';
import { singleUse } from './singleUse.ts';

export interface TcpSourceOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Each sender must put it into its first header. */
  readonly token?: string;
  readonly limits?: Partial<IngestLimits>;
  /** Told of senders that come, go and are refused. */
  readonly note?: (message: string) => void;
}

export interface TcpSource extends Source {
  /** Where it listens, once `events` was called; rejects with SourceError when it cannot. */
  readonly listening: Promise<AddressInfo>;
}

/** A refused peer gets so long to read why, ms. */
const FAREWELL_MS = 1000;

/**
 * Takes frames over TCP (`docs/protocols.md`) from any number of senders. One that is faster than the service is held back by
 * TCP itself: nothing is read from it before its last frame was taken. One that breaks the protocol is told why in one line
 * and disconnected; the others go on. One that ends in order is told how many of its frames were taken.
 */
export function createTcpSource(options: TcpSourceOptions): TcpSource {
  const ingest = new TcpIngest(options);
  const source = singleUse('tcp', `tcp://${options.host}:${options.port}`, (signal) => ingest.open(signal));
  return { ...source, listening: ingest.listening };
}

class TcpIngest {
  readonly #options: TcpSourceOptions;
  readonly #limits: IngestLimits;
  readonly #note: (message: string) => void;
  readonly #handover = new Handover<SourceEvent>();
  readonly #gaps = new SequenceGaps();
  readonly #sockets = new Set<Socket>();
  readonly #attempts: RateLimit;
  readonly #server: Server;
  readonly listening: Promise<AddressInfo>;

  constructor(options: TcpSourceOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_INGEST_LIMITS, ...options.limits };
    this.#attempts = new RateLimit(this.#limits.maxConnectionsPerSecond);
    this.#note = options.note ?? (() => undefined);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void this.#serve(socket));
    this.listening = new Promise((resolve, reject) => {
      this.#server.on('listening', () => resolve(this.#server.address() as AddressInfo));
      this.#server.on('error', (error) => {
        const { host, port } = options;
        reject(new SourceError(`cannot take frames at ${host}:${port}: ${error.message}`, { cause: error }));
      });
    });
    this.listening.catch((error: unknown) => this.#close(error));
  }

  open(signal: AbortSignal): AsyncIterable<SourceEvent> {
    signal.addEventListener('abort', () => this.#close(), { once: true });
    if (signal.aborted) this.#close();
    else this.#server.listen({ host: this.#options.host, port: this.#options.port });
    return this.#handover.values();
  }

  #close(failure?: unknown): void {
    this.#handover.close(failure);
    this.#server.close();
    for (const socket of this.#sockets) this.#dismiss(socket, 'error the service has stopped\n');
  }

  async #serve(socket: Socket): Promise<void> {
    const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
    const peer = `${address}:${socket.remotePort}`;
    socket.on('error', () => undefined); // the reader sees the connection end
    if (!this.#attempts.allows(address)) {
      // Not noted one by one, and not waited for: a flood costs as little as it can.
      const problem = `more than ${this.#limits.maxConnectionsPerSecond} connections a second`;
      return void socket.end(`error ${problem}\n`, () => socket.destroy());
    }
    if (this.#sockets.size >= this.#limits.maxConnections) {
      const problem = `no more than ${this.#limits.maxConnections} senders at a time`;
      this.#note(`${peer} was refused: ${problem}`);
      return this.#dismiss(socket, `error ${problem}\n`);
    }
    this.#sockets.add(socket);
    try {
      const taken = await this.#takeFrames(new ByteReader(socket), peer);
      this.#dismiss(socket, `ok ${taken}\n`);
    } catch (error) {
      this.#note(`${peer} was disconnected: ${messageOf(error)}`);
      this.#dismiss(socket, `error ${messageOf(error)}\n`);
    } finally {
      this.#sockets.delete(socket);
      this.#gaps.forget(peer);
    }
  }

  /** Resolves to the number of frames that were taken when the peer has ended in order. */
  async #takeFrames(reader: ByteReader, peer: string): Promise<number> {
    const { idleTimeoutMs, frameTimeoutMs } = this.#limits;
    let taken = 0;
    // Who has yet to show the token may not hold a place for long.
    const firstMs = this.#options.token === undefined ? idleTimeoutMs : frameTimeoutMs;
    while (await reader.hasMore(taken === 0 ? firstMs : idleTimeoutMs)) {
      const deadlineMs = performance.now() + frameTimeoutMs;
      const header = await readHeader(reader, this.#limits, deadlineMs);
      if (taken === 0) this.#checkToken(header);
      const pixels = await this.#readPixels(reader, header, peer, deadlineMs);
      const missing = this.#gaps.advance(header.sender ?? peer, header.sequence);
      if (missing) await this.#handover.offer(missing);
      if (!(await this.#handover.offer(frameFrom(header, pixels, peer, 'tcp'))))
        throw new SourceError('the service has stopped');
      taken += 1;
    }
    return taken;
  }

  async #readPixels(reader: ByteReader, header: FrameHeader, peer: string, deadlineMs: number): Promise<Buffer> {
    try {
      return await reader.read(pixelBytesOf(header, this.#limits.maxFrameBytes), deadlineMs);
    } catch (error) {
      // A sender with a name may come back and send the frame again; if it goes on after it, that shows as a gap.
      if (error instanceof CutOffError && !header.sender) {
        const reason = `frame ${header.sequence} of ${peer} was cut off`;
        await this.#handover.offer({ type: 'missing', count: 1, reason, noticedMs: Date.now() });
      }
      throw error;
    }
  }

  #checkToken(header: FrameHeader): void {
    const { token } = this.#options;
    if (token !== undefined && !sameSecret(token, header.token ?? ''))
      throw new SourceError('the token is missing or wrong');
  }

  /** Says a last line and closes the connection, at the latest when the peer does not take the line. */
  #dismiss(socket: Socket, line: string): void {
    if (socket.writableEnded) return;
    socket.end(line);
    // Read what the peer still sends and forget it: a connection closed with unread data is reset, and the line is lost.
    socket.removeAllListeners('readable');
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once('close', () => clearTimeout(timer));
  }
}
