/** Allows so many events in any second; more are refused until it has passed. */
export class RateLimit {
  readonly #most: number;
  #count = 0;
  #sinceMs = -Infinity;

  constructor(mostPerSecond: number) {
    this.#most = mostPerSecond;
  }

  allows(nowMs = performance.now()): boolean {
    if (nowMs - this.#sinceMs >= 1000) {
      this.#sinceMs = nowMs;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= this.#most;
  }
}
