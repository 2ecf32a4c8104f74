import { describe, expect, test } from 'vitest';
import { Random } from '../../../../pipeline/source/simulator/random.ts';

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

describe('Random', () => {
  test("is pcg32: the first numbers of its author's demonstration (seed 42, stream 54)", () => {
    const random = new Random(42, 54);
    const numbers = Array.from({ length: 6 }, () => (random.bits() >>> 0).toString(16));
    expect(numbers).toEqual(['a15c02b7', '7b47f409', 'ba1d3330', '83d2f293', 'bfa4784b', 'cbed606e']);
  });

  test('gives other numbers for another seed or stream', () => {
    const first = (seed: number, stream: number) => new Random(seed, stream).bits();
    const all = [first(1, 0), first(2, 0), first(1, 1), first(2 ** 32 + 1, 0), first(1, 2 ** 31)];
    expect(new Set(all).size).toBe(all.length);
  });

  test('uniform numbers fill (0, 1) evenly', () => {
    const random = new Random(3);
    const bins = new Array<number>(20).fill(0);
    for (let k = 0; k < 200_000; k++) bins[Math.floor(random.uniform() * 20)]! += 1;
    const chiSquared = bins.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(43.8); // 99.9 % of chi-squared with 19 degrees of freedom
  });

  test('normal numbers have the shares of the normal distribution, tails included', () => {
    const random = new Random(4);
    const count = 400_000;
    const values = Array.from({ length: count }, () => random.normal());
    const { mean, variance } = momentsOf(values);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    const expected: readonly (readonly [number, number])[] = [
      [0.25, 0.802587],
      [1, 0.317311],
      [2, 0.0455],
      [3, 0.0026998],
      [3.6, 0.00031822],
    ];
    for (const [beyond, share] of expected) {
      const found = values.filter((value) => Math.abs(value) > beyond).length / count;
      expect(Math.abs(found - share), `share beyond ${beyond}`).toBeLessThan(4 * Math.sqrt(share / count));
    }
  });

  test.each([0.02, 0.7, 4, 11.9, 12.1, 40, 3000])('Poisson numbers of mean %d have that mean and variance', (mean) => {
    const random = new Random(5);
    const count = 100_000;
    const values = Array.from({ length: count }, () => random.poisson(mean));
    const moments = momentsOf(values);
    expect(Math.abs(moments.mean - mean)).toBeLessThan(4 * Math.sqrt(mean / count));
    expect(Math.abs(moments.variance / mean - 1)).toBeLessThan(4 * Math.sqrt((2 + 1 / mean) / count));
  });

  test('Poisson of nothing is nothing', () => {
    expect(new Random(1).poisson(0)).toBe(0);
  });
});
