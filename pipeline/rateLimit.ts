/** Allows each peer so many events in any second; more are refused until it has passed. */
export class RateLimit {
  readonly #most: number;
  /** Events of each peer in this second: what is remembered is bounded by what can happen in one. */
  readonly #counts = new Map<string, number>();
  #sinceMs = -Infinity;

  constructor(mostPerSecond: number) {
    this.#most = mostPerSecond;
  }

  allows(peer = '', nowMs = performance.now()): boolean {
    if (nowMs - this.#sinceMs >= 1000) {
      this.#sinceMs = nowMs;
      this.#counts.clear();
    }
    const count = (this.#counts.get(peer) ?? 0) + 1;
    this.#counts.set(peer, count);
    return count <= this.#most;
  }
}
