import { createCells, outlineRadius, type Cell } from './cell.ts';
import { lightPerMicrometre, renderEmitters } from './emitters.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

const CELL_SPACING = 24;
/** micrometre between the spots of a membrane: at most 1.5 standard deviations of the narrowest point spread function here */
const SPOT_SPACING = 0.12;
/** A membrane is 10 nm thick: far below what the optics can tell. */
const MEMBRANE_RADIUS = 0.005;

interface Membrane {
  readonly cell: Cell;
  readonly brightness: number;
  readonly ruffles: readonly { order: number; amplitude: number; phase: number; frequency: number }[];
}

/** Plasma membranes: closed curves with ruffles that run along them. */
export function createMembraneScene(random: Random, width: number, height: number): Scene {
  const membranes = createCells(random, width, height, CELL_SPACING).map((cell): Membrane => ({
    cell,
    brightness: random.logNormal(0.25),
    ruffles: [3, 5, 8, 13, 21].map((order) => ({
      order,
      amplitude: random.between(0.5, 1.3) / order,
      phase: random.between(0, 2 * Math.PI),
      frequency: random.between(-0.6, 0.6),
    })),
  }));
  return {
    name: 'membrane',
    samplesPerPixel: 1,
    render(view) {
      const unitLight = lightPerMicrometre(0, view);
      return renderEmitters((brush) => {
        for (const membrane of membranes) {
          const path = curve(membrane, view.timeAt(membrane.cell.y));
          for (let k = 0; k < path.length; k += 2) {
            const next = (k + 2) % path.length;
            const step = Math.hypot(path[next]! - path[k]!, path[next + 1]! - path[k + 1]!);
            brush(path[k]!, path[k + 1]!, 0, MEMBRANE_RADIUS, unitLight * membrane.brightness * step);
          }
        }
      }, view);
    },
    objects: (time) =>
      membranes.map((membrane, i) => ({
        id: `${i}`,
        kind: 'membrane',
        path: curve(membrane, time),
        radius: MEMBRANE_RADIUS,
        brightness: membrane.brightness,
        z: 0,
      })),
    events: () => [],
  };
}

function curve({ cell, ruffles }: Membrane, time: number): Float32Array {
  const spots = Math.round((2 * Math.PI * cell.radius * 1.25) / SPOT_SPACING);
  const path = new Float32Array(2 * spots);
  for (let k = 0; k < spots; k++) {
    const angle = (2 * Math.PI * k) / spots;
    let radius = outlineRadius(cell, angle);
    for (const { order, amplitude, phase, frequency } of ruffles) {
      radius += amplitude * Math.cos(order * angle + phase + frequency * time);
    }
    path[2 * k] = cell.x + radius * Math.cos(angle);
    path[2 * k + 1] = cell.y + radius * Math.sin(angle);
  }
  return path;
}
