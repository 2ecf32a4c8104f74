/** A wait that ends by time, by `ring`, or by a signal, and leaves no timer or listener behind. One waits at a time. */
export class Alarm {
  #ring: (() => void) | undefined;

  /** Ends the present wait, if there is one. */
  ring(): void {
    this.#ring?.();
  }

  /** `ms` may be infinite. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#ring = undefined;
        resolve();
      };
      const timer = Number.isFinite(ms) ? setTimeout(done, Math.max(0, ms)) : undefined;
      signal.addEventListener('abort', done, { once: true });
      this.#ring = done;
    });
  }
}
