import { depthInCytoplasm, distanceFromNucleus, type Cell } from './cell.ts';
import type { Brush } from './emitters.ts';
import type { Random } from './random.ts';
import type { SceneEvent, SceneObject } from './scene.ts';
import type { Bounds } from './view.ts';
import { createWander, wanderAt, type Wander } from './wander.ts';

/**
 * Mitochondria: worm-like threads that slide along tracks, undulate, wander, split and fuse. Each is a closed function of
 * time, so that any moment can be drawn without the ones before it. Lengths in micrometre, times in second.
 *
 * The pace of splitting and fusing is far above life's (some per minute and cell): there should be something to see.
 */
export interface Mitochondrion {
  readonly id: string;
  readonly radius: number;
  readonly brightness: number;
  readonly z: number;
  readonly length: number;
  /** The way it moves along, sampled every `TRACK_STEP`: longer than itself. */
  readonly trackX: Float32Array;
  readonly trackY: Float32Array;
  /** Contains it at all times. */
  readonly bounds: Bounds;
  /** It slides to and fro in runs with rests between them. */
  readonly slide: { readonly reach: number; readonly frequency: number; readonly phase: number };
  readonly waves: readonly [Wave, Wave, Wave];
  /** Number of points that stand for it, evenly spaced along its length. */
  readonly points: number;
  readonly wanderX: Wander;
  readonly wanderY: Wander;
  /** Where and when it splits, if it does. */
  readonly cut?: Cut;
}

/** A sideways undulation: amplitude * sin(frequency * time + start) * shape along the thread. */
interface Wave {
  readonly amplitude: number;
  readonly frequency: number;
  readonly start: number;
  /** One value a point, -1..1. */
  readonly shape: Float32Array;
}

/** A gap opens `at` a distance along the thread at `speed`, stays, and closes again, once a `period`. */
interface Cut {
  readonly at: number;
  readonly width: number;
  readonly speed: number;
  readonly period: number;
  readonly opensAt: number;
  readonly openFor: number;
}

const TRACK_STEP = 0.1;
const PERSISTENCE = 4;
/** Sliding is reach * tanh(steepness * sin(frequency * time + phase)): runs of at most reach * steepness * frequency. */
const STEEPNESS = 2.5;
/** Distance that tracks keep from the nucleus and the edge of the cell. */
const MARGIN = 0.5;
/** Distance between the points that stand for a thread: no more than 1.5 standard deviations of their image. */
const POINT_SPACING = 0.2;
export const REFERENCE_RADIUS = 0.2;

export function createMitochondria(random: Random, cell: Cell, count: number, idPrefix: string): Mitochondrion[] {
  return Array.from({ length: count }, (_, i) => createMitochondrion(random, cell, `${idPrefix}${i}`));
}

function createMitochondrion(random: Random, cell: Cell, id: string): Mitochondrion {
  const length = Math.min(12, Math.max(1, 3.6 * random.logNormal(0.6)));
  const travels = random.uniform() < 0.3;
  const reach = travels ? random.between(0.6, 2.2) : random.between(0.05, 0.3);
  const fastest = travels ? random.between(0.3, 1) : random.between(0.05, 0.3);
  const track = createTrack(random, cell, length + 2 * reach + 2);
  const points = Math.ceil(length / POINT_SPACING);
  return {
    id,
    radius: random.between(0.17, 0.27),
    brightness: random.logNormal(0.25),
    z: 0.16 * random.normal(),
    length,
    ...track,
    bounds: boundsOf(track),
    slide: { reach, frequency: fastest / (STEEPNESS * reach), phase: random.between(0, 2 * Math.PI) },
    points,
    waves: [
      createWave(random, 1, points, length),
      createWave(random, 2, points, length),
      createWave(random, 3, points, length),
    ],
    wanderX: createWander(random, 0.12, 8),
    wanderY: createWander(random, 0.12, 8),
    ...(length > 3.5 && random.uniform() < 0.6 ? { cut: createCut(random, length) } : {}),
  };
}

function createWave(random: Random, order: number, points: number, length: number): Wave {
  const wavenumber = (2 * Math.PI * order) / random.between(4, 9);
  const phase = random.between(0, 2 * Math.PI);
  return {
    amplitude: random.between(0.06, 0.16) / order,
    frequency: (2 * Math.PI * order) / random.between(5, 16),
    start: random.between(0, 2 * Math.PI),
    shape: Float32Array.from({ length: points }, (_, k) =>
      Math.sin((wavenumber * length * (k + 0.5)) / points + phase),
    ),
  };
}

function createCut(random: Random, length: number): Cut {
  const period = random.between(20, 45);
  return {
    at: length * random.between(0.3, 0.7),
    width: random.between(0.4, 1),
    speed: random.between(0.2, 0.3),
    period,
    opensAt: random.between(0, period),
    // Open for long enough to reach its width, closed again well before the next time.
    openFor: 5 + (period - 14) * random.between(0, 0.8),
  };
}

/** A worm-like chain of at least `length` that stays in the cytoplasm: whatever leaves it is drawn again elsewhere. */
function createTrack(random: Random, cell: Cell, length: number): { trackX: Float32Array; trackY: Float32Array } {
  const steps = Math.ceil(length / TRACK_STEP) + 2;
  const trackX = new Float32Array(steps);
  const trackY = new Float32Array(steps);
  const bend = Math.sqrt(TRACK_STEP / PERSISTENCE);
  for (;;) {
    let { x, y } = placeInCytoplasm(random, cell);
    let heading = random.between(0, 2 * Math.PI);
    let k = 0;
    for (; k < steps; k++) {
      if (k % 4 === 0 && depthInCytoplasm(cell, x, y) < MARGIN) break;
      trackX[k] = x;
      trackY[k] = y;
      heading += bend * random.normal();
      x += TRACK_STEP * Math.cos(heading);
      y += TRACK_STEP * Math.sin(heading);
    }
    if (k === steps) return { trackX, trackY };
  }
}

/** Around a track, with room for undulation and wandering. */
function boundsOf({ trackX, trackY }: { trackX: Float32Array; trackY: Float32Array }): Bounds {
  const room = 1;
  return {
    left: Math.min(...trackX) - room,
    right: Math.max(...trackX) + room,
    top: Math.min(...trackY) - room,
    bottom: Math.max(...trackY) + room,
  };
}

/** Anywhere in the cytoplasm, more often around the nucleus. */
function placeInCytoplasm(random: Random, cell: Cell): { x: number; y: number } {
  for (;;) {
    const x = cell.x + cell.radius * random.between(-1.3, 1.3);
    const y = cell.y + cell.radius * random.between(-1.3, 1.3);
    if (depthInCytoplasm(cell, x, y) < MARGIN) continue;
    const crowding = 0.15 + Math.exp(-distanceFromNucleus(cell, x, y) / (0.25 * cell.radius));
    if (random.uniform() < crowding) return { x, y };
  }
}

/** Width of the gap at `time`; 0 when the thread is whole. */
export function gapAt(cut: Cut, time: number): number {
  const since = modulo(time - cut.opensAt, cut.period);
  const opening = Math.min(cut.width, cut.speed * since);
  const closing = opening - cut.speed * Math.max(0, since - cut.openFor);
  return Math.max(0, closing);
}

/** Where the points of a thread are at `time`. */
interface Posture {
  /** x0, y0, x1, y1 ... */
  readonly path: Float32Array;
  /** The point that begins the second part: the number of points while the thread is whole. */
  readonly secondFrom: number;
}

function postureAt(mitochondrion: Mitochondrion, time: number): Posture {
  const { trackX, trackY, slide, waves, cut, length, points } = mitochondrion;
  const path = new Float32Array(2 * points);
  const wanderX = wanderAt(mitochondrion.wanderX, time);
  const wanderY = wanderAt(mitochondrion.wanderY, time);
  const [wave0, wave1, wave2] = waves;
  const swing0 = swingAt(wave0, time);
  const swing1 = swingAt(wave1, time);
  const swing2 = swingAt(wave2, time);
  const gap = cut ? gapAt(cut, time) : 0;
  const secondFrom = cut && gap > 0 ? Math.round((cut.at / length) * points) : points;
  const margin = (trackX.length - 1) * TRACK_STEP - length;
  const start = margin / 2 + slide.reach * Math.tanh(STEEPNESS * Math.sin(slide.frequency * time + slide.phase));
  for (let k = 0; k < points; k++) {
    const place = (start + ((k + 0.5) * length) / points + (k < secondFrom ? -gap / 2 : gap / 2)) / TRACK_STEP;
    const step = Math.floor(place);
    const rest = place - step;
    const stepX = trackX[step + 1]! - trackX[step]!;
    const stepY = trackY[step + 1]! - trackY[step]!;
    const sideways = swing0 * wave0.shape[k]! + swing1 * wave1.shape[k]! + swing2 * wave2.shape[k]!;
    path[2 * k] = trackX[step]! + rest * stepX - sideways * stepY + wanderX;
    path[2 * k + 1] = trackY[step]! + rest * stepY + sideways * stepX + wanderY;
  }
  return { path, secondFrom };
}

/** In steps of the track. */
function swingAt({ amplitude, frequency, start }: Wave, time: number): number {
  return (amplitude / TRACK_STEP) * Math.sin(frequency * time + start);
}

/** Height at which a mitochondrion is, roughly: which line of a scan meets it. */
export function heightOf({ bounds }: Mitochondrion): number {
  return (bounds.top + bounds.bottom) / 2;
}

/**
 * Draws a mitochondrion. `unitLight` is the light of one micrometre of the reference thread (radius 0.2); light goes with
 * the cross-section. A full cylinder of radius r seen from the side has the standard deviation r / 2.
 */
export function drawMitochondrion(mitochondrion: Mitochondrion, time: number, unitLight: number, brush: Brush): void {
  const { radius, brightness, z, length, points } = mitochondrion;
  const light = unitLight * brightness * (radius / REFERENCE_RADIUS) ** 2 * (length / points);
  const { path } = postureAt(mitochondrion, time);
  for (let k = 0; k < path.length; k += 2) brush(path[k]!, path[k + 1]!, z, radius / 2, light);
}

/** One object while it is whole, two while it is split. */
export function mitochondrionObjects(mitochondrion: Mitochondrion, time: number): SceneObject[] {
  const { id, radius, brightness, z, points } = mitochondrion;
  const { path, secondFrom } = postureAt(mitochondrion, time);
  const part = (partId: string, from: number, to: number): SceneObject => ({
    id: partId,
    kind: 'mitochondrion',
    path: path.subarray(2 * from, 2 * to),
    radius,
    brightness,
    z,
  });
  if (secondFrom === points) return [part(id, 0, points)];
  return [part(`${id}.0`, 0, secondFrom), part(`${id}.1`, secondFrom, points)];
}

/** Each splitting and joining with from <= time < to. */
export function mitochondrionEvents(mitochondrion: Mitochondrion, from: number, to: number): SceneEvent[] {
  const { cut, id, points, length } = mitochondrion;
  if (!cut) return [];
  const where = Math.round((cut.at / length) * points);
  const events: SceneEvent[] = [];
  const add = (kind: SceneEvent['kind'], offset: number) => {
    for (let n = Math.ceil((from - offset) / cut.period); n * cut.period + offset < to; n++) {
      const time = n * cut.period + offset;
      const { path } = postureAt(mitochondrion, time);
      events.push({ kind, time, x: path[2 * where]!, y: path[2 * where + 1]!, ids: [id, `${id}.0`, `${id}.1`] });
    }
  };
  add('fission', cut.opensAt);
  add('fusion', cut.opensAt + cut.openFor + cut.width / cut.speed);
  return events;
}

function modulo(value: number, period: number): number {
  return value - period * Math.floor(value / period);
}
