/** Mean of everything at first, then an exponential mean that remembers about `memory` values. */
export class RunningMean {
  readonly #memory: number;
  #count = 0;
  #mean = 0;

  constructor(memory: number) {
    this.#memory = memory;
  }

  add(value: number): void {
    this.#count += 1;
    this.#mean += (value - this.#mean) / Math.min(this.#count, this.#memory);
  }

  get count(): number {
    return this.#count;
  }

  /** 0 before the first value. */
  get mean(): number {
    return this.#mean;
  }
}
