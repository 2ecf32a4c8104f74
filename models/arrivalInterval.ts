import type { FrameMeta } from '../pipeline/frame.ts';
import { movingMean } from './movingMean.ts';

/** Time between arrivals, as the source sends them: frames that were passed over count, they have a sequence number. */
export class ArrivalInterval {
  #last: FrameMeta | undefined;
  #meanMs: number | undefined;

  /** Undefined before the second frame. */
  get meanMs(): number | undefined {
    return this.#meanMs;
  }

  see(meta: FrameMeta): void {
    const last = this.#last;
    this.#last = meta;
    if (!last) return;
    const frames = meta.sequence - last.sequence;
    const elapsedMs = meta.arrivedMs - last.arrivedMs;
    // Another session has begun, or the clock was set: begin again.
    this.#meanMs = frames > 0 && elapsedMs >= 0 ? movingMean(this.#meanMs, elapsedMs / frames) : undefined;
  }
}
