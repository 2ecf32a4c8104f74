import { SourceError } from '../errors.ts';
import type { SourceEvent } from '../frame.ts';
import type { Source } from '../ports.ts';

/**
 * A source from a function that delivers events until its signal aborts. That signal aborts when the caller's does, and also
 * when the caller leaves the loop or the events end. Either way the function's `finally` runs, even if the caller stops by
 * its signal and never asks for an event again; and no listener is left on the caller's signal.
 *
 * A source is opened once: a second `events` call throws, because two consumers would each see only some of the frames.
 */
export function singleUse(
  kind: string,
  name: string,
  events: (signal: AbortSignal) => AsyncIterable<SourceEvent>,
): Source {
  let used = false;
  return {
    kind,
    name,
    events(signal) {
      if (used) throw new SourceError(`${kind} source ${name} was opened twice: make a new source for each run`);
      used = true;
      const stop = new AbortController();
      const iterator = events(stop.signal)[Symbol.asyncIterator]();
      const forward = (): void => stop.abort();
      const clean = (): void => {
        signal.removeEventListener('abort', forward);
        iterator.return?.().catch(() => undefined); // whoever still waits for an event is told of failures by it
      };
      stop.signal.addEventListener('abort', clean, { once: true });
      signal.addEventListener('abort', forward, { once: true });
      if (signal.aborted) forward();
      return stoppingAtEnd({ [Symbol.asyncIterator]: () => iterator }, stop);
    },
  };
}

async function* stoppingAtEnd(events: AsyncIterable<SourceEvent>, stop: AbortController): AsyncGenerator<SourceEvent> {
  try {
    yield* events;
  } finally {
    stop.abort();
  }
}
