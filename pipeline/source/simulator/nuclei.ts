import { createCells, distanceFromNucleus, type Cell } from './cell.ts';
import { renderEmitters } from './emitters.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';
import { createWander, wanderAt, type Wander } from './wander.ts';

/** micrometre between nuclei, and the lattice of chromatin in them */
const CELL_SPACING = 21;
const GRAIN_SPACING = 0.4;
/** Chromatin is a random field whose grains have about half a micrometre. */
const GRAIN_SIGMA = 0.28;

interface Nucleus {
  readonly cell: Cell;
  /** Place of each grain relative to the middle, and its light. */
  readonly grains: readonly { readonly x: number; readonly y: number; readonly light: number }[];
  readonly brightness: number;
  readonly moveX: Wander;
  readonly moveY: Wander;
  /** rad */
  readonly turn: Wander;
}

/** Nuclei with labelled chromatin, dark nucleoli and slow movement. */
export function createNucleiScene(random: Random, width: number, height: number): Scene {
  const nuclei = createCells(random, width, height, CELL_SPACING).map((cell) => createNucleus(random, cell));
  return {
    name: 'chromatin',
    samplesPerPixel: 1,
    render: (view) =>
      renderEmitters((brush) => {
        for (const nucleus of nuclei) {
          const { x, y, turn } = poseOf(nucleus, view.timeAt(nucleus.cell.nucleus.y));
          const cos = Math.cos(turn);
          const sin = Math.sin(turn);
          for (const grain of nucleus.grains) {
            const light = grain.light * nucleus.brightness;
            brush(x + cos * grain.x - sin * grain.y, y + sin * grain.x + cos * grain.y, 0, GRAIN_SIGMA, light);
          }
        }
      }, view),
    objects: (time) =>
      nuclei.map((nucleus, i) => ({
        id: `${i}`,
        kind: 'nucleus',
        path: outline(nucleus, time),
        radius: nucleus.cell.nucleus.long,
        brightness: nucleus.brightness,
        z: 0,
      })),
    events: () => [],
  };
}

function createNucleus(random: Random, cell: Cell): Nucleus {
  // The cells of this scene are drawn small and lie close: their nuclei fill them.
  const nucleus = { ...cell.nucleus, long: cell.nucleus.long * 1.8, short: cell.nucleus.short * 1.8 };
  const filled = { ...cell, nucleus };
  const nucleoli = Array.from({ length: 1 + (random.bits() & 1) + (random.bits() & 1) }, () => ({
    x: nucleus.x + random.between(-0.45, 0.45) * nucleus.short,
    y: nucleus.y + random.between(-0.45, 0.45) * nucleus.short,
    radius: random.between(0.6, 1.3),
  }));
  const grains: { x: number; y: number; light: number }[] = [];
  for (let dy = -nucleus.long; dy <= nucleus.long; dy += GRAIN_SPACING) {
    for (let dx = -nucleus.long; dx <= nucleus.long; dx += GRAIN_SPACING) {
      const x = nucleus.x + dx + 0.16 * random.normal();
      const y = nucleus.y + dy + 0.16 * random.normal();
      const inside = -distanceFromNucleus(filled, x, y);
      if (inside < 0) continue;
      // Denser along the envelope, all but absent from the nucleoli.
      const rim = 1 + 0.5 * Math.exp(-inside / 0.5);
      const hole = nucleoli.some((one) => Math.hypot(x - one.x, y - one.y) < one.radius) ? 0.25 : 1;
      const light = 0.6 * rim * hole * random.logNormal(0.5) * GRAIN_SPACING ** 2;
      grains.push({ x: x - nucleus.x, y: y - nucleus.y, light });
    }
  }
  return {
    cell: filled,
    grains,
    brightness: random.logNormal(0.25),
    moveX: createWander(random, 0.5, 25),
    moveY: createWander(random, 0.5, 25),
    turn: createWander(random, 0.1, 40),
  };
}

function poseOf({ cell, moveX, moveY, turn }: Nucleus, time: number): { x: number; y: number; turn: number } {
  return {
    x: cell.nucleus.x + wanderAt(moveX, time),
    y: cell.nucleus.y + wanderAt(moveY, time),
    turn: wanderAt(turn, time),
  };
}

function outline(nucleus: Nucleus, time: number): Float32Array {
  const { x, y, turn } = poseOf(nucleus, time);
  const { long, short, angle } = nucleus.cell.nucleus;
  const path: number[] = [];
  for (let step = 0; step < 72; step++) {
    const u = long * Math.cos((step * Math.PI) / 36);
    const v = short * Math.sin((step * Math.PI) / 36);
    const cos = Math.cos(angle + turn);
    const sin = Math.sin(angle + turn);
    path.push(x + cos * u - sin * v, y + sin * u + cos * v);
  }
  return Float32Array.from(path);
}
