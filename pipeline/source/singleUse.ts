import { SourceError } from '../errors.ts';
import type { SourceEvent } from '../frame.ts';
import type { Source } from '../ports.ts';

/**
 * A source from a function that delivers events until its signal aborts. That signal aborts when the caller's does, and also
 * when the caller leaves the loop or the events end: so a source cleans up in one place, on its signal, and leaves no
 * listener on the caller's.
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
      const forward = (): void => stop.abort();
      stop.signal.addEventListener('abort', () => signal.removeEventListener('abort', forward), { once: true });
      signal.addEventListener('abort', forward, { once: true });
      if (signal.aborted) forward();
      return stoppingAtEnd(events(stop.signal), stop);
    },
  };
}

async function* stoppingAtEnd(events: AsyncIterable<SourceEvent>, stop: AbortController): AsyncGenerator<SourceEvent> {
  try {
    if (!stop.signal.aborted) yield* events;
  } finally {
    stop.abort();
  }
}
