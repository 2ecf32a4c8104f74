/**
 * Between producers that can wait and the one consumer of a source. Holds nothing but what the producers offer: each waits
 * until its value is taken, so there are never more values than there are offers under way.
 */
export class Handover<T> {
  readonly #offers: { readonly value: T; readonly settle: (taken: boolean) => void }[] = [];
  #consumer: (() => void) | undefined;
  #closed = false;
  #failure: unknown;

  /** Resolves to true once the consumer has taken the value, to false when it will not take any more. */
  offer(value: T): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((settle) => {
      this.#offers.push({ value, settle });
      this.#consumer?.();
    });
  }

  /** Values in the order in which they were offered, until `close`; throws the failure that it was closed with. */
  async *values(): AsyncGenerator<T> {
    while (!this.#closed) {
      const offer = this.#offers.shift();
      if (!offer) {
        await new Promise<void>((resolve) => (this.#consumer = resolve));
        continue;
      }
      offer.settle(true);
      yield offer.value;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(failure?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    for (const { settle } of this.#offers.splice(0)) settle(false);
    this.#consumer?.();
  }
}
