/**
 * Every queue in the service.
 *
 * rxjs has no backpressure of its own: `mergeMap`, `concatMap` and `from(asyncIterable)` buffer without limit. So the bound
 * stands in front of the source: a `Gate` admits a frame only when one has left, `pull` takes from the source only through
 * the gate, and behind it the operators may buffer what they like, because no more than `maxFramesInFlight` can be there.
 *
 * Two words say how a stage takes frames:
 *   lossless  every frame, in order; the source waits
 *   latest    the newest only; what is passed over is handed to `superseded`, never dropped silently
 */

import { concatMap, Observable, type OperatorFunction } from 'rxjs';

/** Admits at most `limit` frames at a time. */
export class Gate {
  readonly limit: number;
  #inside = 0;
  #waiting: (() => void) | undefined;

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`a gate needs a limit of at least 1, not ${limit}`);
    this.limit = limit;
  }

  get inside(): number {
    return this.#inside;
  }

  /** Resolves to true once there is room (and takes it), to false when `signal` aborts first. One caller at a time. */
  async enter(signal: AbortSignal): Promise<boolean> {
    while (this.#inside >= this.limit && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true, signal: this.#cleanup(resolve) });
      });
    }
    if (signal.aborted) return false;
    this.#inside += 1;
    return true;
  }

  leave(): void {
    if (this.#inside === 0) throw new Error('a frame left the gate that never entered it');
    this.#inside -= 1;
    const wake = this.#waiting;
    this.#waiting = undefined;
    wake?.();
  }

  /** A signal that removes the abort listener again when the wait ends normally, so that a long run does not pile them up. */
  #cleanup(resolve: () => void): AbortSignal {
    const controller = new AbortController();
    this.#waiting = () => {
      controller.abort();
      resolve();
    };
    return controller.signal;
  }
}

/**
 * Events of `source`, taken one by one as the gate admits them. Completes when the source ends or `signal` aborts; errors
 * when the source throws. Each emitted event holds one place in the gate: whoever ends it calls `gate.leave()`.
 */
export function pull<T>(source: AsyncIterable<T>, gate: Gate, signal: AbortSignal): Observable<T> {
  return new Observable<T>((subscriber) => {
    const iterator = source[Symbol.asyncIterator]();
    const run = async () => {
      while (await gate.enter(signal)) {
        const next = await iterator.next().catch((error: unknown) => {
          gate.leave();
          throw error;
        });
        if (next.done || subscriber.closed) {
          gate.leave();
          break;
        }
        subscriber.next(next.value);
      }
    };
    run().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
  });
}

/** Every frame, in order, one at a time. */
export function lossless<A, B>(work: (input: A) => Promise<B>): OperatorFunction<A, B> {
  return concatMap(work);
}

/**
 * The newest only: while `work` is busy with one input, the latest arrival waits, and one that it replaces goes to
 * `superseded`. Completes after the last input's work.
 */
export function latest<A, B>(work: (input: A) => Promise<B>, superseded: (input: A) => void): OperatorFunction<A, B> {
  return (inputs) =>
    new Observable<B>((subscriber) => {
      let waiting: { readonly input: A } | undefined;
      let busy = false;
      let ended = false;

      const turn = (input: A): void => {
        busy = true;
        work(input).then(
          (output) => {
            busy = false;
            subscriber.next(output);
            proceed();
          },
          (error: unknown) => subscriber.error(error),
        );
      };
      const proceed = (): void => {
        const next = waiting;
        waiting = undefined;
        if (next) turn(next.input);
        else if (ended) subscriber.complete();
      };

      const subscription = inputs.subscribe({
        next: (input) => {
          if (!busy) return turn(input);
          if (waiting) superseded(waiting.input);
          waiting = { input };
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          ended = true;
          if (!busy) proceed();
        },
      });
      return () => {
        subscription.unsubscribe();
        if (waiting) superseded(waiting.input);
        waiting = undefined;
      };
    });
}
