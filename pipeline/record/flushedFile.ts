import { closeSync, fdatasync, fdatasyncSync } from 'node:fs';
import { promisify } from 'node:util';

const flushLater = promisify(fdatasync);

/** An open file that is forced to the disk, at once or while writing goes on. Closed only when no flush is under way. */
export class FlushedFile {
  readonly fd: number;
  #dirty = false;
  #flushing: Promise<void> | undefined;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** To be called after each write. */
  wrote(): void {
    this.#dirty = true;
  }

  flushNow(): void {
    if (!this.#dirty) return;
    fdatasyncSync(this.fd);
    this.#dirty = false;
  }

  /** Resolves when what was written before the call is on the disk; rejects with the disk's error. */
  async flush(): Promise<void> {
    await this.#flushing;
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#flushing = flushLater(this.fd).finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  close(): void {
    if (!this.#flushing) return closeSync(this.fd);
    // Whoever asked for the flush hears of its failure.
    const close = () => closeSync(this.fd);
    this.#flushing.then(close, close);
  }
}
