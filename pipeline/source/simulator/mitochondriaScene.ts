import { createCells, depthInCytoplasm, type Cell } from './cell.ts';
import { lightPerMicrometre, renderEmitters, type Brush } from './emitters.ts';
import {
  createMitochondria,
  drawMitochondrion,
  heightOf,
  mitochondrionEvents,
  mitochondrionObjects,
  REFERENCE_RADIUS,
} from './mitochondria.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';
import { boundsOfField, overlap, type Bounds } from './view.ts';

/** micrometre between cells */
const CELL_SPACING = 46;
/** Per square micrometre of cytoplasm. */
const MITOCHONDRIA_DENSITY = 0.2;
/** Faint glow of the cytoplasm, relative to the reference mitochondrion. */
const CYTOPLASM_GLOW = 0.06;
const GLOW_SPACING = 1.5;
const GLOW_SIGMA = 1.2;

/**
 * Living cells with a network of labelled mitochondria around a dark nucleus, over a field of width x height micrometre.
 * No mitochondrion comes into `room`, when there is one.
 */
export function createMitochondriaScene(random: Random, width: number, height: number, room?: Bounds): Scene {
  const cells = createCells(random, width, height, CELL_SPACING);
  const mitochondria = cells.flatMap((cell, i) => {
    const cytoplasm = Math.PI * (cell.radius ** 2 - cell.nucleus.long * cell.nucleus.short);
    const all = createMitochondria(random, cell, Math.round(cytoplasm * MITOCHONDRIA_DENSITY), `${i}-`);
    return room ? all.filter(({ bounds }) => !overlap(bounds, room)) : all;
  });
  const glow = cells.flatMap((cell) => glowPlaces(random, cell));

  return {
    name: 'mitochondria',
    samplesPerPixel: 1,
    render(view) {
      const unitLight = lightPerMicrometre(REFERENCE_RADIUS / 2, view);
      const field = boundsOfField(view);
      const glowLight = CYTOPLASM_GLOW * GLOW_SPACING ** 2;
      return renderEmitters((brush: Brush) => {
        for (const { x, y } of glow) brush(x, y, 0, GLOW_SIGMA, glowLight);
        for (const one of mitochondria) {
          if (overlap(one.bounds, field)) drawMitochondrion(one, view.timeAt(heightOf(one)), unitLight, brush);
        }
      }, view);
    },
    objects: (time) => mitochondria.flatMap((one) => mitochondrionObjects(one, time)),
    events: (from, to) =>
      mitochondria.flatMap((one) => mitochondrionEvents(one, from, to)).sort((a, b) => a.time - b.time),
  };
}

/** A jittered lattice over the cytoplasm. */
function glowPlaces(random: Random, cell: Cell): { x: number; y: number }[] {
  const places: { x: number; y: number }[] = [];
  const reach = 1.5 * cell.radius;
  for (let dy = -reach; dy <= reach; dy += GLOW_SPACING) {
    for (let dx = -reach; dx <= reach; dx += GLOW_SPACING) {
      const x = cell.x + dx + 0.2 * random.normal();
      const y = cell.y + dy + 0.2 * random.normal();
      if (depthInCytoplasm(cell, x, y) > 0.6) places.push({ x, y });
    }
  }
  return places;
}
