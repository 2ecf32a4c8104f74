import type { MissingFrames } from '../../frame.ts';

/** Numbers of senders that are remembered over a reconnection. */
const REMEMBERED_SENDERS = 256;

/**
 * Follows the numbers that senders give to their frames. A number that was passed over is a frame that never came. A number
 * that is not above the one before means that the sender counts anew: nothing is missing.
 */
export class SequenceGaps {
  readonly #last = new Map<string, number>();

  /** Notes that frame `sequence` of `sender` is accounted for, and tells what is missing before it. */
  advance(sender: string, sequence: number): MissingFrames | undefined {
    const last = this.#last.get(sender);
    this.#last.delete(sender);
    this.#last.set(sender, sequence);
    if (this.#last.size > REMEMBERED_SENDERS) this.#last.delete(this.#last.keys().next().value!);

    if (last === undefined || sequence <= last + 1) return undefined;
    const [from, to] = [last + 1, sequence - 1];
    return {
      type: 'missing',
      count: to - from + 1,
      reason: `gap ${from === to ? from : `${from}..${to}`} in the sequence of ${sender}`,
      noticedMs: Date.now(),
    };
  }

  forget(sender: string): void {
    this.#last.delete(sender);
  }
}
