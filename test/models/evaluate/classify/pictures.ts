import type { Rgb } from '../../../../models/evaluate/classify/rgb.ts';
import { Random } from '../../../../pipeline/source/simulator/random.ts';

/** Smooth blobs of colour with a little noise. */
export function blobs(sizeX: number, sizeY: number, seed: number): Rgb {
  const random = new Random(seed);
  const waves = Array.from({ length: 6 }, () => [random.normal() / 9, random.normal() / 9, 6 * random.uniform()]);
  const data = Uint8ClampedArray.from({ length: sizeX * sizeY * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y] = [pixel % sizeX, Math.floor(pixel / sizeX)];
    const [a, b] = [waves[i % 3], waves[3 + (i % 3)]];
    const wave = Math.sin(a[0] * x + a[1] * y + a[2]) + Math.sin(b[0] * x + b[1] * y + b[2]);
    return 140 + 45 * wave + 4 * random.normal();
  });
  return { sizeX, sizeY, data: new Uint8Array(data.buffer) };
}

export function flat(sizeX: number, sizeY: number, colour: readonly [number, number, number]): Rgb {
  return { sizeX, sizeY, data: Uint8Array.from({ length: sizeX * sizeY * 3 }, (_, i) => colour[i % 3]) };
}

export function worstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return worst;
}
