import { depthInCytoplasm, distanceFromNucleus, type Cell } from './cell.ts';
import type { Brush } from './emitters.ts';
import type { Random } from './random.ts';
import type { SceneEvent, SceneObject } from './scene.ts';
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
  /** It slides to and fro in runs with rests between them. */
  readonly slide: { readonly reach: number; readonly frequency: number; readonly phase: number };
  readonly waves: readonly { amplitude: number; wavenumber: number; phase: number; frequency: number; start: number }[];
  readonly wanderX: Wander;
  readonly wanderY: Wander;
  /** Where and when it splits, if it does. */
  readonly cut?: Cut;
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
const PERSISTENCE = 3;
/** Distance between the spots that a thread is drawn with: at most 1.5 of their standard deviations. */
const SPOT_SPACING = 0.2;
export const REFERENCE_RADIUS = 0.2;

export function createMitochondria(random: Random, cell: Cell, count: number, idPrefix: string): Mitochondrion[] {
  return Array.from({ length: count }, (_, i) => createMitochondrion(random, cell, `${idPrefix}${i}`));
}

function createMitochondrion(random: Random, cell: Cell, id: string): Mitochondrion {
  const length = Math.min(12, Math.max(1, 3.6 * random.logNormal(0.6)));
  const travels = random.uniform() < 0.3;
  const reach = travels ? random.between(0.6, 2.2) : random.between(0.05, 0.3);
  const track = createTrack(random, cell, length + 2 * reach + 2);
  const turn = () => random.between(0, 2 * Math.PI);
  return {
    id,
    radius: random.between(0.15, 0.25),
    brightness: random.logNormal(0.25),
    z: 0.16 * random.normal(),
    length,
    ...track,
    slide: { reach, frequency: (2 * Math.PI) / random.between(9, 30), phase: turn() },
    waves: [1, 2, 3].map((order) => ({
      amplitude: random.between(0.06, 0.16) / order,
      wavenumber: (2 * Math.PI * order) / random.between(4, 9),
      phase: turn(),
      frequency: (2 * Math.PI * order) / random.between(5, 16),
      start: turn(),
    })),
    wanderX: createWander(random, 0.12, 8),
    wanderY: createWander(random, 0.12, 8),
    ...(length > 3.5 && random.uniform() < 0.6 ? { cut: createCut(random, length) } : {}),
  };
}

function createCut(random: Random, length: number): Cut {
  const period = random.between(14, 40);
  return {
    at: length * random.between(0.3, 0.7),
    width: random.between(0.6, 1.4),
    speed: random.between(0.15, 0.3),
    period,
    opensAt: random.between(0, period),
    openFor: period * random.between(0.35, 0.6),
  };
}

/** A worm-like chain of at least `length` inside the cytoplasm, denser around the nucleus. */
function createTrack(random: Random, cell: Cell, length: number): { trackX: Float32Array; trackY: Float32Array } {
  const steps = Math.ceil(length / TRACK_STEP) + 2;
  const trackX = new Float32Array(steps);
  const trackY = new Float32Array(steps);
  let { x, y } = placeInCytoplasm(random, cell);
  let heading = random.between(0, 2 * Math.PI);
  const bend = Math.sqrt(TRACK_STEP / PERSISTENCE);
  for (let k = 0; k < steps; k++) {
    trackX[k] = x;
    trackY[k] = y;
    heading += bend * random.normal() + steer(cell, x, y, heading);
    x += TRACK_STEP * Math.cos(heading);
    y += TRACK_STEP * Math.sin(heading);
  }
  return { trackX, trackY };
}

function placeInCytoplasm(random: Random, cell: Cell): { x: number; y: number } {
  for (;;) {
    const x = cell.x + cell.radius * random.between(-1.3, 1.3);
    const y = cell.y + cell.radius * random.between(-1.3, 1.3);
    if (depthInCytoplasm(cell, x, y) < 0.8) continue;
    const crowding = 0.12 + Math.exp(-distanceFromNucleus(cell, x, y) / (0.28 * cell.radius));
    if (random.uniform() < crowding) return { x, y };
  }
}

/** Turn (rad) that keeps a chain in the cytoplasm: towards the deeper side when what lies ahead is shallow. */
function steer(cell: Cell, x: number, y: number, heading: number): number {
  const depthAhead = (turn: number) =>
    depthInCytoplasm(cell, x + 1.2 * Math.cos(heading + turn), y + 1.2 * Math.sin(heading + turn));
  const ahead = depthAhead(0);
  if (ahead > 0.7) return 0;
  const strength = Math.min(0.3, 0.1 + 0.15 * (0.7 - ahead));
  return depthAhead(0.5) > depthAhead(-0.5) ? strength : -strength;
}

/** Width of the gap at `time`; 0 when the thread is whole. */
export function gapAt(cut: Cut, time: number): number {
  const since = modulo(time - cut.opensAt, cut.period);
  const opening = Math.min(cut.width, cut.speed * since);
  const closing = opening - cut.speed * Math.max(0, since - cut.openFor);
  return Math.max(0, closing);
}

/** The parts that a thread consists of at `time`, as stretches [from, to] of its own length, and how far each is pushed. */
function partsAt(mitochondrion: Mitochondrion, time: number): { from: number; to: number; push: number }[] {
  const { cut, length } = mitochondrion;
  const gap = cut ? gapAt(cut, time) : 0;
  if (!cut || gap === 0) return [{ from: 0, to: length, push: 0 }];
  return [
    { from: 0, to: cut.at, push: -gap / 2 },
    { from: cut.at, to: length, push: gap / 2 },
  ];
}

/** Calls `visit` for points spaced evenly along each part, and says which part it is. */
function walk(
  mitochondrion: Mitochondrion,
  time: number,
  spacing: number,
  visit: (x: number, y: number, part: number, share: number) => void,
): void {
  const { trackX, trackY, slide, waves } = mitochondrion;
  const shiftX = wanderAt(mitochondrion.wanderX, time);
  const shiftY = wanderAt(mitochondrion.wanderY, time);
  const margin = (trackX.length - 1) * TRACK_STEP - mitochondrion.length;
  const start = margin / 2 + slide.reach * Math.tanh(2.5 * Math.sin(slide.frequency * time + slide.phase));
  const swing = waves.map((wave) => wave.amplitude * Math.sin(wave.frequency * time + wave.start));

  partsAt(mitochondrion, time).forEach(({ from, to, push }, part) => {
    const count = Math.max(1, Math.round((to - from) / spacing));
    for (let k = 0; k < count; k++) {
      const along = from + ((k + 0.5) / count) * (to - from);
      const place = Math.min(trackX.length - 1.001, Math.max(0, (start + along + push) / TRACK_STEP));
      const step = Math.floor(place);
      const rest = place - step;
      const stepX = trackX[step + 1]! - trackX[step]!;
      const stepY = trackY[step + 1]! - trackY[step]!;
      let sideways = 0;
      for (let w = 0; w < waves.length; w++) {
        sideways += swing[w]! * Math.sin(waves[w]!.wavenumber * along + waves[w]!.phase);
      }
      const x = trackX[step]! + rest * stepX - (sideways / TRACK_STEP) * stepY + shiftX;
      const y = trackY[step]! + rest * stepY + (sideways / TRACK_STEP) * stepX + shiftY;
      visit(x, y, part, (to - from) / count);
    }
  });
}

/** Height at which a mitochondrion is, roughly: which line of a scan meets it. */
export function heightOf(mitochondrion: Mitochondrion): number {
  return mitochondrion.trackY[mitochondrion.trackY.length >> 1]!;
}

/**
 * Draws a mitochondrion. `unitLight` is the light of one micrometre of the reference thread (radius 0.2); light goes with
 * the cross-section. A full cylinder of radius r seen from the side has the standard deviation r / 2.
 */
export function drawMitochondrion(mitochondrion: Mitochondrion, time: number, unitLight: number, brush: Brush): void {
  const { radius, brightness, z } = mitochondrion;
  const light = unitLight * brightness * (radius / REFERENCE_RADIUS) ** 2;
  walk(mitochondrion, time, SPOT_SPACING, (x, y, _part, share) => brush(x, y, z, radius / 2, light * share));
}

export function mitochondrionObjects(mitochondrion: Mitochondrion, time: number): SceneObject[] {
  const paths: number[][] = [];
  walk(mitochondrion, time, TRACK_STEP, (x, y, part) => (paths[part] ??= []).push(x, y));
  const { id, radius, brightness, z } = mitochondrion;
  return paths.map((path, part) => ({
    id: paths.length === 1 ? id : `${id}.${part}`,
    kind: 'mitochondrion',
    path: Float32Array.from(path),
    radius,
    brightness,
    z,
  }));
}

export function mitochondrionEvents(mitochondrion: Mitochondrion, from: number, to: number): SceneEvent[] {
  const { cut, id } = mitochondrion;
  if (!cut) return [];
  const closesAfter = cut.openFor + Math.min(cut.width, cut.speed * cut.openFor) / cut.speed;
  const events: SceneEvent[] = [];
  const add = (kind: SceneEvent['kind'], offset: number) => {
    const first = Math.ceil((from - offset) / cut.period);
    for (let n = first; n * cut.period + offset < to; n++) {
      const time = n * cut.period + offset;
      const { x, y } = pointAt(mitochondrion, time, cut.at);
      events.push({ kind, time, x, y, ids: [id, `${id}.0`, `${id}.1`] });
    }
  };
  add('fission', cut.opensAt);
  if (closesAfter < cut.period) add('fusion', cut.opensAt + closesAfter);
  return events;
}

/** The point `along` a thread, while it is whole. */
function pointAt(mitochondrion: Mitochondrion, time: number, along: number): { x: number; y: number } {
  let best = { x: 0, y: 0 };
  let covered = 0;
  walk(mitochondrion, time, TRACK_STEP, (x, y, _part, share) => {
    if (covered <= along) best = { x, y };
    covered += share;
  });
  return best;
}

function modulo(value: number, period: number): number {
  return value - period * Math.floor(value / period);
}
