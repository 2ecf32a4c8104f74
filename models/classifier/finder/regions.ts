/**
 * Cells from maps of probabilities: each seed (where inside minus rim is high) grows over the inside, the most probable
 * pixels first, until it meets another one. A seeded watershed by flooding (Meyer, 1994) with 256 levels.
 */

export interface ProbabilityMaps {
  readonly sizeX: number;
  readonly sizeY: number;
  /** Probability of being inside a cell, 0..1. */
  readonly foreground: Float32Array;
  /** Probability of being on a rim between cells; absent: no such map. */
  readonly boundary?: Float32Array;
}

export interface RegionRule {
  readonly threshold: number;
  readonly seedThreshold: number;
  readonly minAreaPx: number;
}

export interface Region {
  readonly label: number;
  readonly areaPx: number;
  /** Mean probability of its pixels. */
  readonly confidence: number;
  readonly left: number;
  readonly top: number;
  /** The last column and row belong to it. */
  readonly right: number;
  readonly bottom: number;
}

export interface Regions {
  readonly sizeX: number;
  readonly sizeY: number;
  /** For each pixel the label of its region, 0 for none. */
  readonly labels: Int32Array;
  readonly regions: readonly Region[];
}

const LEVELS = 256;

export function regionsOf(maps: ProbabilityMaps, rule: RegionRule): Regions {
  const labels = seedsOf(maps, rule);
  grow(labels, maps, rule.threshold);
  return { sizeX: maps.sizeX, sizeY: maps.sizeY, labels, regions: measure(labels, maps, rule.minAreaPx) };
}

/** Connected areas (4 neighbours) of high inside and low rim, numbered from 1. */
function seedsOf(maps: ProbabilityMaps, { threshold, seedThreshold }: RegionRule): Int32Array {
  const { foreground, boundary } = maps;
  const labels = new Int32Array(foreground.length);
  const isSeed = (i: number) =>
    foreground[i] > threshold && foreground[i] - (boundary ? boundary[i] : 0) > seedThreshold;
  const stack: number[] = [];
  let count = 0;
  for (let first = 0; first < labels.length; first++) {
    if (labels[first] !== 0 || !isSeed(first)) continue;
    labels[first] = ++count;
    stack.push(first);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      forNeighbours(at, maps, (next) => {
        if (labels[next] !== 0 || !isSeed(next)) return;
        labels[next] = count;
        stack.push(next);
      });
    }
  }
  return labels;
}

function grow(labels: Int32Array, maps: ProbabilityMaps, threshold: number): void {
  const { foreground, boundary } = maps;
  const levelOf = (i: number) => {
    const height = foreground[i] - (boundary ? boundary[i] : 0);
    return Math.min(Math.max(Math.floor(((height + 1) / 2) * LEVELS), 0), LEVELS - 1);
  };
  const waiting: number[][] = Array.from({ length: LEVELS }, () => []);
  let level = LEVELS - 1;
  const reach = (from: number) =>
    forNeighbours(from, maps, (next) => {
      if (labels[next] !== 0 || foreground[next] <= threshold) return;
      labels[next] = labels[from];
      const nextLevel = levelOf(next);
      waiting[nextLevel].push(next);
      level = Math.max(level, nextLevel);
    });
  labels.forEach((label, i) => {
    if (label !== 0) waiting[LEVELS - 1].push(i);
  });
  while (level >= 0) {
    const at = waiting[level].pop();
    if (at === undefined) level -= 1;
    else reach(at);
  }
}

function measure(labels: Int32Array, { sizeX, foreground }: ProbabilityMaps, minAreaPx: number): Region[] {
  const sums = new Map<
    number,
    { area: number; sum: number; left: number; top: number; right: number; bottom: number }
  >();
  labels.forEach((label, i) => {
    if (label === 0) return;
    const x = i % sizeX;
    const y = (i - x) / sizeX;
    const known = sums.get(label);
    if (!known) {
      sums.set(label, { area: 1, sum: foreground[i], left: x, top: y, right: x, bottom: y });
      return;
    }
    known.area += 1;
    known.sum += foreground[i];
    known.left = Math.min(known.left, x);
    known.right = Math.max(known.right, x);
    known.bottom = y; // Rows come in order.
  });
  return [...sums]
    .filter(([, { area }]) => area >= minAreaPx)
    .map(([label, { area, sum, ...bounds }]) => ({ label, areaPx: area, confidence: sum / area, ...bounds }));
}

function forNeighbours(i: number, { sizeX, sizeY }: ProbabilityMaps, visit: (next: number) => void): void {
  const x = i % sizeX;
  const y = (i - x) / sizeX;
  if (x > 0) visit(i - 1);
  if (x < sizeX - 1) visit(i + 1);
  if (y > 0) visit(i - sizeX);
  if (y < sizeY - 1) visit(i + sizeX);
}
