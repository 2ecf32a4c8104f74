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

import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { concatMap, Observable, type OperatorFunction } from 'rxjs';

/** `every`: each frame is enhanced and the source waits for the model. `newest`: the source waits for the disk only. */
export type Policy = 'every' | 'newest';

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
 * A source that several consumers read one after the other: what one of them has asked for and not taken, the next one gets.
 * So a session can end between two frames, and the frame that was already on its way opens the next session.
 */
export class Feed<T> {
  readonly #iterator: AsyncIterator<T>;
  readonly #returned: T[] = [];
  #asked: Promise<IteratorResult<T>> | undefined;

  constructor(source: AsyncIterable<T>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** The next event, which stays here until it is taken. */
  peek(): Promise<IteratorResult<T>> {
    const [first] = this.#returned;
    if (first !== undefined) return Promise.resolve({ done: false, value: first });
    this.#asked ??= this.#iterator.next();
    return this.#asked;
  }

  /** Takes what `peek` showed. */
  take(): void {
    if (this.#returned.length > 0) this.#returned.shift();
    else this.#asked = undefined;
  }

  /** Puts events back in front, in their order. */
  giveBack(events: readonly T[]): void {
    this.#returned.unshift(...events);
  }

  /** What was given back and not taken again, as a feed of its own that ends after it; undefined when there is nothing. */
  takeReturned(): Feed<T> | undefined {
    if (this.#returned.length === 0) return undefined;
    const returned = this.#returned.splice(0);
    return new Feed<T>(inTurn(returned));
  }
}

async function* inTurn<T>(events: readonly T[]): AsyncGenerator<T> {
  yield* events;
}

/**
 * Events of `feed`, taken one by one as the gate admits them. Completes when the feed ends or `signal` aborts; errors when the
 * source throws. Each emitted event holds one place in the gate: whoever ends it calls `gate.leave()`.
 */
export function pull<T>(feed: Feed<T>, gate: Gate, signal: AbortSignal): Observable<T> {
  return new Observable<T>((subscriber) => {
    const run = async () => {
      while (await gate.enter(signal)) {
        const next = await peekUnless(signal, feed).catch((error: unknown) => {
          gate.leave();
          throw error;
        });
        if (next === undefined || next.done || signal.aborted) {
          gate.leave();
          break;
        }
        feed.take();
        subscriber.next(next.value);
      }
    };
    run().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
  });
}

/**
 * The next event, or undefined when `signal` aborts first. By hand, because `Promise.race` against a promise that lives as long
 * as the session would keep every event of the session alive.
 */
function peekUnless<T>(signal: AbortSignal, feed: Feed<T>): Promise<IteratorResult<T> | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(undefined);
    signal.addEventListener('abort', giveUp, { once: true });
    const listenNoMore = () => signal.removeEventListener('abort', giveUp);
    feed.peek().then(resolve, reject).finally(listenNoMore);
  });
}

/** Every frame, in order, one at a time. */
export function lossless<A, B>(work: (input: A) => Promise<B>): OperatorFunction<A, B> {
  return concatMap(work);
}

/**
 * Frames that the slow link has at once. Two where the source waits for it, so that it never waits for the next one; one where
 * the newest counts: a second would only grow old there.
 */
const WORKED_AT_ONCE: Readonly<Record<Policy, number>> = { every: 2, newest: 1 };

/** How frames pass the model. */
export interface Lane<A, B> {
  /** Asked for each arrival, so that the policy may change while frames flow. */
  readonly policy: () => Policy;
  /** The slow link. Called for a second frame before the first is done, under `every`. */
  readonly work: (input: A) => Promise<B>;
  /** What follows it, one frame at a time and in order, while `work` has those behind it. */
  readonly deliver: (output: B) => Promise<void>;
  /** Gets what a newer arrival replaced. */
  readonly superseded: (input: A) => void;
}

/**
 * The lane through the model: lossless under the policy `every`, latest under `newest`. At most `WORKED_AT_ONCE` frames are worked
 * on, one is delivered and, under `newest`, one waits. Emits nothing; completes when all is delivered; errors when `work` or
 * `deliver` do.
 */
export function lane<A, B>({ policy, work, deliver, superseded }: Lane<A, B>): OperatorFunction<A, never> {
  return (inputs) =>
    new Observable<never>((subscriber) => {
      const waiting: A[] = [];
      /** In order; the first may be done and wait for the delivery before it. */
      const working: Promise<B>[] = [];
      let delivery: Promise<void> = Promise.resolve();
      let busy = false;
      let ended = false;

      const begin = (): void => {
        while (waiting.length > 0 && working.length < WORKED_AT_ONCE[policy()]) {
          const output = work(waiting.shift() as A);
          output.catch(() => undefined); // Reported where it is awaited.
          working.push(output);
        }
      };
      const drain = async (): Promise<void> => {
        busy = true;
        while (working.length > 0) {
          const output = await working[0]!;
          await delivery;
          working.shift();
          // The slow link has its next frame before this one is delivered, and never stands idle meanwhile.
          begin();
          if (working.length > 0) await turnOfLoop();
          delivery = deliver(output);
          delivery.catch(() => undefined); // Reported where it is awaited.
        }
        busy = false;
        if (!ended) return;
        await delivery;
        subscriber.complete();
      };
      const proceed = (): void => {
        begin();
        if (!busy) drain().catch((error: unknown) => subscriber.error(error));
      };

      return inputs.subscribe({
        next: (input) => {
          waiting.push(input);
          proceed();
          while (policy() === 'newest' && waiting.length > 1) superseded(waiting.shift() as A);
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          ended = true;
          proceed();
        },
      });
    });
}
