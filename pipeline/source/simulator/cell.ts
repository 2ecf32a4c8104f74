import type { Random } from './random.ts';

/** The outline of a cell with its nucleus: where structures may be. Lengths in micrometre. */
export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** The outline's radius at an angle is radius * (1 + sum of amplitude * cos(order * angle + phase)). */
  readonly lobes: readonly { readonly order: number; readonly amplitude: number; readonly phase: number }[];
  readonly nucleus: {
    readonly x: number;
    readonly y: number;
    readonly long: number;
    readonly short: number;
    readonly angle: number;
  };
}

export function createCell(random: Random, x: number, y: number, radius: number): Cell {
  const away = random.between(0, 2 * Math.PI);
  const distance = random.between(0.05, 0.16) * radius;
  const long = random.between(0.3, 0.36) * radius;
  return {
    x,
    y,
    radius,
    lobes: [2, 3, 4, 5].map((order) => ({
      order,
      amplitude: random.normal() * (0.16 / order),
      phase: random.between(0, 2 * Math.PI),
    })),
    nucleus: {
      x: x + distance * Math.cos(away),
      y: y + distance * Math.sin(away),
      long,
      short: long * random.between(0.7, 0.9),
      angle: random.between(0, Math.PI),
    },
  };
}

/** Radius of the outline at an angle. */
export function outlineRadius(cell: Cell, angle: number): number {
  let factor = 1;
  for (const { order, amplitude, phase } of cell.lobes) factor += amplitude * Math.cos(order * angle + phase);
  return cell.radius * factor;
}

/** Distance to the outline, about; positive inside. */
export function depthInCell(cell: Cell, x: number, y: number): number {
  const dx = x - cell.x;
  const dy = y - cell.y;
  return outlineRadius(cell, Math.atan2(dy, dx)) - Math.hypot(dx, dy);
}

/** Distance to the nuclear envelope, about; positive outside the nucleus. */
export function distanceFromNucleus(cell: Cell, x: number, y: number): number {
  const { nucleus } = cell;
  const dx = x - nucleus.x;
  const dy = y - nucleus.y;
  const u = (dx * Math.cos(nucleus.angle) + dy * Math.sin(nucleus.angle)) / nucleus.long;
  const v = (dy * Math.cos(nucleus.angle) - dx * Math.sin(nucleus.angle)) / nucleus.short;
  const relative = Math.hypot(u, v);
  return relative === 0 ? -nucleus.short : (1 - 1 / relative) * Math.hypot(dx, dy);
}

/** How deep (x, y) lies in the cytoplasm; negative in the nucleus and outside the cell. */
export function depthInCytoplasm(cell: Cell, x: number, y: number): number {
  return Math.min(depthInCell(cell, x, y), distanceFromNucleus(cell, x, y));
}

/** Cells that cover a field of `width` x `height` around the origin, one of them near the middle. */
export function createCells(random: Random, width: number, height: number, spacing: number): Cell[] {
  const cells: Cell[] = [];
  const across = Math.ceil(Math.max(0, width / spacing - 1) / 2);
  const down = Math.ceil(Math.max(0, height / spacing - 1) / 2);
  for (let j = -down; j <= down; j++) {
    for (let i = -across; i <= across; i++) {
      const jitter = i === 0 && j === 0 ? 0.02 : 0.06;
      const x = (i + (j % 2 === 0 ? 0 : 0.3) + jitter * random.normal()) * spacing;
      const y = (j + jitter * random.normal()) * spacing;
      const cell = createCell(random, x, y, spacing * random.between(0.43, 0.48));
      const reach = 1.3 * cell.radius;
      if (Math.abs(x) < width / 2 + reach && Math.abs(y) < height / 2 + reach) cells.push(cell);
    }
  }
  return cells;
}
