import type { Region, Regions } from './regions.ts';

/**
 * The outline of a region: its edges are followed from corner to corner of pixels, with the region on the right hand, and
 * only the corners where the direction turns are kept. Holes are not outlined.
 */

/** Right, down, left, up: x and y of a step, and the pixel on its right hand relative to the corner that it starts from. */
const STEPS = [
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
  { x: 0, y: -1 },
] as const;

/** Corners x0, y0, x1, y1 ... between edges: pixel k covers [k, k + 1). */
export function outlineOf({ sizeX, sizeY, labels }: Regions, { label, top, left, right }: Region): number[] {
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < sizeX && y < sizeY && labels[y * sizeX + x] === label;
  let startX = left;
  while (startX <= right && !inside(startX, top)) startX += 1;

  const corners: number[] = [startX, top];
  let x = startX + 1;
  let y = top;
  let heading = 0;
  while (x !== startX || y !== top) {
    // The two pixels ahead of this corner, to the left and to the right of the heading.
    const { x: dx, y: dy } = STEPS[heading];
    const leftAhead = inside(x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2);
    const rightAhead = inside(x + (dx - dy - 1) / 2, y + (dy + dx - 1) / 2);
    // Pixels that touch at a corner only do not hang together: turn right there.
    const turn = rightAhead ? (leftAhead ? 3 : 0) : 1;
    if (turn !== 0) corners.push(x, y);
    heading = (heading + turn) % 4;
    x += STEPS[heading].x;
    y += STEPS[heading].y;
  }
  return corners;
}

/**
 * The outline with fewer corners, none of them farther from the old one than `tolerance` (Ramer 1972, Douglas and Peucker
 * 1973).
 */
export function simplified(outline: readonly number[], tolerance: number): number[] {
  const count = outline.length / 2;
  if (count <= 4) return [...outline];
  const kept = new Uint8Array(count);
  const half = farthestFrom(outline, 0);
  kept[0] = kept[half] = 1;
  keepBetween(outline, 0, half, tolerance, kept);
  keepBetween(outline, half, count, tolerance, kept);
  return outline.filter((_, i) => kept[i >> 1] === 1);
}

function farthestFrom(outline: readonly number[], first: number): number {
  let farthest = first;
  let away = -1;
  for (let i = 0; i < outline.length / 2; i++) {
    const d = Math.hypot(outline[2 * i] - outline[2 * first], outline[2 * i + 1] - outline[2 * first + 1]);
    if (d > away) [farthest, away] = [i, d];
  }
  return farthest;
}

/** Marks the corners to keep strictly between `from` and `to`; `to` may be the number of corners, which is the first. */
function keepBetween(outline: readonly number[], from: number, to: number, tolerance: number, kept: Uint8Array): void {
  const end = to % (outline.length / 2);
  const [ax, ay] = [outline[2 * from], outline[2 * from + 1]];
  const [bx, by] = [outline[2 * end] - ax, outline[2 * end + 1] - ay];
  const length = Math.hypot(bx, by);
  let farthest = -1;
  let away = tolerance;
  for (let i = from + 1; i < to; i++) {
    const [px, py] = [outline[2 * i] - ax, outline[2 * i + 1] - ay];
    const d = length === 0 ? Math.hypot(px, py) : Math.abs(px * by - py * bx) / length;
    if (d > away) [farthest, away] = [i, d];
  }
  if (farthest < 0) return;
  kept[farthest] = 1;
  keepBetween(outline, from, farthest, tolerance, kept);
  keepBetween(outline, farthest, to, tolerance, kept);
}
