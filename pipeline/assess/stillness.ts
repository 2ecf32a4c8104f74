import type { Grey } from './grey.ts';

/** A scene holds still when frames four apart differ at most this much more than neighbours do. */
const STILL = 1.25;

/**
 * Tells motion from noise: noise differs between frames four apart as much as between neighbours, what moves differs more.
 * Looks at the bright part of the scene only (one standard deviation above the mean), because that is what moves.
 */
export class Stillness {
  #neighbours = 0;
  #apart = 0;

  add(fourBefore: Grey, before: Grey, now: Grey): void {
    const a = fourBefore.data;
    const b = before.data;
    const c = now.data;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < c.length; i++) {
      const level = a[i] + b[i] + c[i];
      sum += level;
      squares += level * level;
    }
    const mean = sum / c.length;
    const bright = mean + Math.sqrt(Math.max(0, squares / c.length - mean * mean));
    for (let i = 0; i < c.length; i++) {
      if (a[i] + b[i] + c[i] <= bright) continue;
      this.#neighbours += (c[i] - b[i]) ** 2;
      this.#apart += (c[i] - a[i]) ** 2;
    }
  }

  get holds(): boolean {
    return this.#apart <= STILL * this.#neighbours;
  }
}
