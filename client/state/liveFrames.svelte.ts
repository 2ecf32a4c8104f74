/**
 * The newest frame of each channel. Only the newest is ever painted; each that came is acknowledged once, which is the
 * credit for the next.
 */

import type { LiveFrameHeader } from '../../server/protocol.ts';
import { pictureFromWire } from '../draw/pictureFromWire.ts';
import type { Picture } from '../draw/picture.ts';

export interface LiveFrame {
  readonly header: LiveFrameHeader;
  readonly raw: Picture;
  readonly enhanced?: Picture;
  /** Unix ms on this machine's clock. */
  readonly receivedMs: number;
  /** Bytes on the wire. */
  readonly sizeBytes: number;
}

type Bytes = ArrayBuffer | Uint8Array;

/** Numbers for people change at most this often. */
const CALM_MS = 250;
const RATE_WINDOW_MS = 2000;
/** Age after which the estimate of the clocks' difference is made afresh. */
const OFFSET_WINDOW_MS = 60_000;

export class LiveFrames {
  /** By channel number. */
  byChannel = $state.raw<readonly (LiveFrame | undefined)[]>([]);
  newest = $state.raw<LiveFrame>();
  /** The newest frame, at most four times a second: for panels of numbers. */
  calm = $state.raw<LiveFrame>();
  /** Frames painted a second. */
  shownRate = $state(0);
  /** ms from arrival at the service to the screen here. */
  latencyMs = $state<number>();
  /** Frames that the service passed over for this viewer in the last seconds, per second. */
  passedOverRate = $state(0);
  problem = $state<string>();

  /** False while the tab is hidden or the picture is held: frames are given back at once. */
  accepting = true;

  /** Frames that came and were given up for a newer one since the last that was painted. */
  #overtaken = 0;
  #unpainted: (() => void) | undefined;
  #arrivals = 0;
  #shown = 0;
  #calmAtMs = 0;
  #untilCalm: ReturnType<typeof setTimeout> | undefined;
  #latestLatencyMs: number | undefined;
  #paints: { readonly atMs: number; readonly passedOver: number }[] = [];
  #clockOffset = { ms: Infinity, atMs: 0 };
  #session = '';

  /** Takes a frame from the wire. The one before it, if not painted yet, is given up. */
  async take(
    header: LiveFrameHeader,
    raw: Bytes,
    enhanced: Bytes | null,
    giveBack: (heldMs?: number) => void,
  ): Promise<void> {
    const receivedMs = Date.now();
    const cameMs = performance.now();
    const received = () => giveBack(performance.now() - cameMs);
    const order = ++this.#arrivals;
    try {
      if (!this.accepting) return received();
      const sizeBytes = raw.byteLength + (enhanced?.byteLength ?? 0);
      const rawPicture = await pictureFromWire(header.raw, raw, 1);
      const frame: LiveFrame =
        header.enhanced && enhanced
          ? {
              header,
              raw: rawPicture,
              enhanced: await pictureFromWire(header.enhanced, enhanced, header.enhanced.magnification),
              receivedMs,
              sizeBytes,
            }
          : { header, raw: rawPicture, receivedMs, sizeBytes };
      // A JPEG that took long to decode may come behind its successor.
      if (order < this.#shown) return received();
      this.#shown = order;
      this.#show(frame, received);
      this.problem = undefined;
    } catch (error) {
      this.problem = `Frame ${header.sequence} could not be shown: ${error instanceof Error ? error.message : error}`;
      received();
    }
  }

  /** Shows a frame that did not come over the wire of the live page, with those of the other channels that belong to it. */
  put(frame: LiveFrame, others: readonly LiveFrame[] = []): void {
    this.byChannel = [];
    for (const other of others) this.#show(other, () => undefined);
    this.#show(frame, () => undefined);
  }

  /** The painter has drawn the newest frame: gives it when that was the first time. */
  painted(): LiveFrame | undefined {
    const received = this.#unpainted;
    const newest = this.newest;
    if (!received || !newest) return undefined;
    this.#unpainted = undefined;
    received();
    const nowMs = Date.now();
    const { header } = newest;
    this.#paints = [...this.#paints, { atMs: nowMs, passedOver: header.skippedForYou }].filter(
      (paint) => nowMs - paint.atMs < RATE_WINDOW_MS,
    );
    this.#latestLatencyMs = nowMs - header.arrivedMs - this.#clockOffset.ms;
    const tooEarlyMs = this.#calmAtMs + CALM_MS - nowMs;
    if (tooEarlyMs <= 0) this.#tellPeople();
    // The last frame of a burst is the one that stays on the screen: it must not be passed over.
    else this.#untilCalm ??= setTimeout(() => this.#tellPeople(), tooEarlyMs);
    return newest;
  }

  #tellPeople(): void {
    clearTimeout(this.#untilCalm);
    this.#untilCalm = undefined;
    this.#calmAtMs = Date.now();
    this.calm = this.newest;
    this.latencyMs = this.#latestLatencyMs;
    this.#refreshRates(this.#calmAtMs);
  }

  /** Frames given up for newer ones since this was last asked. */
  takeOvertaken(): number {
    const overtaken = this.#overtaken;
    this.#overtaken = 0;
    return overtaken;
  }

  /** Gives back what waits to be painted: a hidden tab paints nothing. */
  giveUp(): void {
    this.#unpainted?.();
    this.#unpainted = undefined;
  }

  /** Called once a second, so that the rate falls to zero when nothing comes. */
  tick(): void {
    const nowMs = Date.now();
    this.#paints = this.#paints.filter((paint) => nowMs - paint.atMs < RATE_WINDOW_MS);
    this.#refreshRates(nowMs);
  }

  #refreshRates(nowMs: number): void {
    const first = this.#paints[0];
    const seconds = first ? Math.max((nowMs - first.atMs) / 1000, 0.5) : 1;
    this.shownRate = Math.max(this.#paints.length - 1, 0) / seconds;
    this.passedOverRate = this.#paints.reduce((sum, paint) => sum + paint.passedOver, 0) / seconds;
  }

  #show(frame: LiveFrame, received: () => void): void {
    if (this.#unpainted) this.#overtaken++;
    this.giveUp();
    this.#unpainted = received;
    this.#estimateOffset(frame);
    const { sessionId, index } = frame.header;
    const byChannel = sessionId === this.#session ? [...this.byChannel] : [];
    byChannel[index.c] = frame;
    this.#session = sessionId;
    this.byChannel = byChannel;
    this.newest = frame;
  }

  /**
   * The two clocks may differ. The fastest transit of the last minute is taken as zero: a latency shown here is therefore at
   * most that much too small, and never wrong by the clocks' difference.
   */
  #estimateOffset(frame: LiveFrame): void {
    const difference = frame.receivedMs - frame.header.sentMs;
    const stale = frame.receivedMs - this.#clockOffset.atMs > OFFSET_WINDOW_MS;
    if (difference < this.#clockOffset.ms || stale) this.#clockOffset = { ms: difference, atMs: frame.receivedMs };
  }
}
