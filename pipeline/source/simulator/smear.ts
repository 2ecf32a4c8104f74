import { psfSigma } from './optics.ts';
import type { Random } from './random.ts';
import type { Scene, SceneObject } from './scene.ts';
import type { View } from './view.ts';
import { createWhiteCell, drawWhiteKind, mapAt, type WhiteCell } from './whiteCell.ts';

/**
 * A stained blood smear in transmitted light. Light is absorbed as exp(-density) (Beer and Lambert); red cells have the
 * profile of Evans and Fung, Microvascular Research 4:335 (1972). The smear repeats beyond its edges, so that the stage can
 * move along it for ever.
 */

type Rgb = readonly [number, number, number];
/** Absorbance per micrometre of red cell, and of a stained nucleus. */
const HAEMOGLOBIN: Rgb = [0.05, 0.2, 0.13];
const NUCLEUS: Rgb = [0.95, 1.3, 0.42];
const PLASMA: Rgb = [0.03, 0.05, 0.035];
/** micrometre: the smear is larger than the field by this much, so that cells leave it before they come back. */
const BORDER = 24;
/** Red cells and white cells per square micrometre. */
const RED_DENSITY = 0.0085;
const WHITE_DENSITY = 0.0006;

interface RedCell {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly thickness: number;
}

export function createSmearScene(random: Random, width: number, height: number, isEmpty = false): Scene {
  const smear = { width: width + 2 * BORDER, height: height + 2 * BORDER };
  const area = isEmpty ? 0 : smear.width * smear.height;
  const taken: { x: number; y: number; radius: number }[] = [];
  const place = (radius: number) => {
    for (let tries = 0; ; tries++) {
      const x = (random.uniform() - 0.5) * smear.width;
      const y = (random.uniform() - 0.5) * smear.height;
      // Cells touch now and then; where all is full they overlap.
      const free = taken.every((other) => Math.hypot(other.x - x, other.y - y) > 0.94 * (other.radius + radius));
      if (!free && tries < 40) continue;
      taken.push({ x, y, radius });
      return { x, y, radius };
    }
  };
  const white = Array.from({ length: isEmpty ? 0 : Math.max(2, Math.round(area * WHITE_DENSITY)) }, () => {
    const { kind, radius } = drawWhiteKind(random);
    return createWhiteCell(random, kind, place(radius));
  });
  const red = Array.from({ length: Math.round(area * RED_DENSITY) }, (): RedCell => ({
    ...place(random.between(3.4, 4.1)),
    thickness: random.between(0.85, 1.15),
  }));

  return {
    name: 'blood smear',
    samplesPerPixel: 3,
    render(view) {
      const density = new Float32Array(3 * view.grid.sizeX * view.grid.sizeY);
      const edge = Math.hypot(psfSigma(view.optics), view.grid.apertureX / Math.sqrt(12));
      for (let k = 0; k < density.length; k++) density[k] = PLASMA[k % 3]!;
      for (const cell of red) drawCell(density, view, smear, cell, cell.radius, redProfile(cell, edge));
      for (const cell of white) drawCell(density, view, smear, cell, cell.radius, whiteProfile(cell, edge));
      return density.map((value) => Math.exp(-value));
    },
    objects: () => [
      ...red.map((cell, i) => objectOf(`red-${i}`, 'red cell', cell)),
      ...white.map((cell, i) => ({ ...objectOf(`white-${i}`, 'white cell', cell), label: cell.kind })),
    ],
    events: () => [],
  };
}

function objectOf(id: string, kind: SceneObject['kind'], cell: { x: number; y: number; radius: number }): SceneObject {
  return { id, kind, path: Float32Array.of(cell.x, cell.y), radius: cell.radius, brightness: 1, z: 0 };
}

/** Adds absorbance at an offset from a cell's middle, micrometre, to `into[at .. at + 2]`. */
type Profile = (dx: number, dy: number, into: Float32Array, at: number) => void;

function redProfile({ radius, thickness }: RedCell, edge: number): Profile {
  return (dx, dy, into, at) => {
    const away = Math.hypot(dx, dy);
    const rho = Math.min(1, (away / radius) ** 2);
    const height = Math.sqrt(1 - 0.9 * rho) * (0.81 + 7.83 * rho - 4.39 * rho * rho);
    const amount = thickness * height * inside(radius - away, edge);
    for (let c = 0; c < 3; c++) into[at + c]! += HAEMOGLOBIN[c]! * amount;
  };
}

function whiteProfile({ radius, cytoplasm, granule, maps }: WhiteCell, edge: number): Profile {
  const { size, nucleus, granules, chromatin } = maps;
  return (dx, dy, into, at) => {
    const body = inside(radius - Math.hypot(dx, dy), edge);
    if (body < 0.001) return;
    const inNucleus = inside(mapAt(nucleus, size, dx, dy), 1.2 * edge) * mapAt(chromatin, size, dx, dy);
    const inGranule = inside(mapAt(granules, size, dx, dy), edge);
    for (let c = 0; c < 3; c++) {
      into[at + c]! += body * (cytoplasm[c]! + NUCLEUS[c]! * inNucleus + granule[c]! * inGranule);
    }
  };
}

/** 1 inside, 0 outside, blurred by the optics: the logistic curve of the same width as a Gaussian's integral. */
function inside(depth: number, edge: number): number {
  return 1 / (1 + Math.exp((-1.702 * depth) / edge));
}

function drawCell(
  density: Float32Array,
  { grid, stage }: View,
  smear: { width: number; height: number },
  cell: { x: number; y: number },
  radius: number,
  profile: Profile,
): void {
  const reach = radius + 0.8;
  const left = grid.x0 - BORDER;
  const top = grid.y0 - BORDER;
  const x = left + modulo(cell.x + stage.x - left, smear.width);
  const y = top + modulo(cell.y + stage.y - top, smear.height);
  const firstColumn = Math.max(0, Math.ceil((x - reach - grid.x0) / grid.pixelSize));
  const lastColumn = Math.min(grid.sizeX - 1, Math.floor((x + reach - grid.x0) / grid.pixelSize));
  const firstRow = Math.max(0, Math.ceil((y - reach - grid.y0) / grid.pixelSize));
  const lastRow = Math.min(grid.sizeY - 1, Math.floor((y + reach - grid.y0) / grid.pixelSize));
  for (let j = firstRow; j <= lastRow; j++) {
    for (let i = firstColumn; i <= lastColumn; i++) {
      const at = 3 * (j * grid.sizeX + i);
      profile(grid.x0 + i * grid.pixelSize - x, grid.y0 + j * grid.pixelSize - y, density, at);
    }
  }
}

function modulo(value: number, period: number): number {
  return value - period * Math.floor(value / period);
}
