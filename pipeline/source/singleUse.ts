import { SourceError } from '../errors.ts';
import type { SourceEvent } from '../frame.ts';
import type { Source } from '../ports.ts';

/**
 * A source from a generator of events. A source is opened once: a second `events` call throws, because two consumers would
 * each see only some of the frames.
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
      return events(signal);
    },
  };
}
