/** Keeps work to a share of one processor core: what was saved is kept for bursts, up to a limit. */
export class Budget {
  readonly #share: number;
  readonly #mostMs: number;
  #leftMs: number;
  #atMs: number;

  /** `share` of one core, 0..1; `mostMs` of work may be done at once after a pause. Times from one clock, ms. */
  constructor(share: number, mostMs: number, nowMs: number) {
    this.#share = share;
    this.#mostMs = mostMs;
    this.#leftMs = mostMs;
    this.#atMs = nowMs;
  }

  allows(nowMs: number): boolean {
    this.#leftMs = Math.min(this.#mostMs, this.#leftMs + this.#share * (nowMs - this.#atMs));
    this.#atMs = nowMs;
    return this.#leftMs > 0;
  }

  /** Work that was done; may overdraw. */
  spend(ms: number): void {
    this.#leftMs -= ms;
  }
}
