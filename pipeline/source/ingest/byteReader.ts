import type { Socket } from 'node:net';
import { SourceError } from '../../errors.ts';

/** The peer went away in the middle of something. */
export class CutOffError extends SourceError {}

/**
 * Reads exact numbers of bytes from a socket. The socket is read only while somebody waits for bytes: otherwise the system's
 * buffers fill and the sender has to wait.
 */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #left: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false });
  }

  /** True once there is something to read, false when the peer has ended. Rejects with SourceError after `timeoutMs`. */
  async hasMore(timeoutMs: number): Promise<boolean> {
    if (this.#left.length > 0) return true;
    return this.#fetch(performance.now() + timeoutMs, `no frame for ${timeoutMs / 1000} s`);
  }

  /**
   * The next `length` bytes, in memory of their own. Rejects with CutOffError when the peer ends before, with SourceError
   * when they are not there at `deadlineMs` (performance.now).
   */
  async read(length: number, deadlineMs: number): Promise<Buffer> {
    const target = Buffer.allocUnsafeSlow(length); // not from a shared pool: its memory is given on with the frame
    let filled = 0;
    while (filled < length) {
      if (this.#left.length === 0 && !(await this.#fetch(deadlineMs, 'a frame took too long to arrive'))) {
        throw new CutOffError('the connection ended within a frame');
      }
      const copied = this.#left.copy(target, filled);
      this.#left = this.#left.subarray(copied);
      filled += copied;
    }
    return target;
  }

  async #fetch(deadlineMs: number, tooLate: string): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new SourceError(tooLate)), Math.max(0, deadlineMs - performance.now()));
    });
    // A connection that is reset has ended; whether that is an error depends on where in a frame it happened.
    const next = this.#chunks.next().catch(() => ({ done: true as const, value: undefined }));
    try {
      const { done, value } = await Promise.race([next, late]);
      if (!done) this.#left = value;
      return !done;
    } finally {
      clearTimeout(timer);
    }
  }
}
