const MOST_SESSIONS = 10;
const WITHIN_MS = 60_000;

/**
 * How fast sessions may follow one another when frames change their shape: a few at once, ten in a minute. Each session costs
 * a folder and a thread; a source of alternating shapes would open twenty a second.
 */
export class SessionPace {
  readonly #begunMs: number[] = [];

  /** Notes that a session is to begin, and tells after how many ms it may. */
  waitMs(nowMs: number): number {
    const earliest = this.#begunMs.length < MOST_SESSIONS ? nowMs : (this.#begunMs.shift() as number) + WITHIN_MS;
    const beginsMs = Math.max(nowMs, earliest);
    this.#begunMs.push(beginsMs);
    return beginsMs - nowMs;
  }
}
