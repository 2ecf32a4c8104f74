import { lightPerMicrometre, renderEmitters, type Brush } from './emitters.ts';
import { createMitochondriaScene } from './mitochondriaScene.ts';
import { psfSigma } from './optics.ts';
import type { Random } from './random.ts';
import type { Scene, SceneObject } from './scene.ts';
import type { View } from './view.ts';

/**
 * Test objects whose truth is known exactly. Positions and lengths in micrometre from the middle of the field, angles in
 * degree from the x axis towards y.
 */
export type Phantom = (Uniform | Points | TwoPoints | LinePairs | RodPair | Crossing | Beads | Chirp) & {
  /** Living mitochondria around the middle, so that the phantom is not alone. Default false. */
  readonly embedded?: boolean;
};

/** The same intensity everywhere: 0 is a closed shutter. */
export interface Uniform {
  readonly kind: 'uniform';
  readonly value: number;
}

/** `light` as intensity times square micrometre: see `lightOfPoint`. */
export interface Points {
  readonly kind: 'points';
  readonly points: readonly { readonly x: number; readonly y: number; readonly z?: number; readonly light: number }[];
}

export interface TwoPoints {
  readonly kind: 'two-point';
  readonly separation: number;
  readonly angle: number;
  /** Middle between the points. */
  readonly x: number;
  readonly y: number;
  /** Light of the first point, and of the second as a share of it. */
  readonly light: number;
  readonly ratio: number;
}

/** Pairs of parallel thin lines, one pair below the other, 3 micrometre apart. */
export interface LinePairs {
  readonly kind: 'line-pairs';
  readonly spacings: readonly number[];
  readonly angle: number;
  readonly length: number;
}

/** Two rods in line with a gap between them; gap 0 is one rod of twice the length. */
export interface RodPair {
  readonly kind: 'rod-gap';
  readonly gap: number;
  readonly angle: number;
  readonly x: number;
  readonly y: number;
  /** Length of each rod. */
  readonly length: number;
  readonly radius: number;
}

/** Two parallel rods that pass each other: their distance is |offset - speed * time|. */
export interface Crossing {
  readonly kind: 'crossing';
  readonly offset: number;
  /** micrometre/s */
  readonly speed: number;
  readonly angle: number;
  readonly length: number;
  readonly radius: number;
}

/** Beads strewn at random, at least `2` micrometre apart. */
export interface Beads {
  readonly kind: 'beads';
  readonly count: number;
  readonly diameter: number;
  readonly light: number;
}

/** Stripes whose frequency (cycles per micrometre) grows from left to right. */
export interface Chirp {
  readonly kind: 'chirp';
  readonly from: number;
  readonly to: number;
}

interface Emitter {
  readonly object: SceneObject;
  /** Light of the whole object. */
  readonly light: (view: View) => number;
}

const LINE_SIGMA = 0.02;
const POINT_SPACING = 0.05;
const BEAD_DISTANCE = 2;
/** Half the side of the square in the middle that embedding leaves free. */
const EMBEDDING_ROOM = 5;

/** Light of a point that gives `electrons` e- in all, on a microscope with `photons` e- per sample at intensity 1. */
export function lightOfPoint(electrons: number, microscope: { photons: number; pixelSize: number }): number {
  return (electrons * microscope.pixelSize ** 2) / microscope.photons;
}

export function createPhantomScene(phantom: Phantom, random: Random, width: number, height: number): Scene {
  const room = { left: -EMBEDDING_ROOM, right: EMBEDDING_ROOM, top: -EMBEDDING_ROOM, bottom: EMBEDDING_ROOM };
  const surroundings = phantom.embedded ? createMitochondriaScene(random, width, height, room) : undefined;
  const alone = createLonePhantom(phantom, random, width, height);
  if (!surroundings) return alone;
  return {
    ...alone,
    render: (view) => {
      const sum = alone.render(view);
      const other = surroundings.render(view);
      for (let k = 0; k < sum.length; k++) sum[k]! += other[k]!;
      return sum;
    },
    objects: (time) => [...alone.objects(time), ...surroundings.objects(time)],
    events: surroundings.events,
  };
}

function createLonePhantom(phantom: Phantom, random: Random, width: number, height: number): Scene {
  const name = phantom.kind;
  switch (phantom.kind) {
    case 'uniform':
      return fieldScene(name, () => phantom.value);
    case 'chirp':
      return fieldScene(name, (view) => chirpAt(phantom, width, view));
    case 'points':
      return emitterScene(name, () => phantom.points.map(({ x, y, z = 0, light }, i) => point(`${i}`, x, y, z, light)));
    case 'two-point': {
      const { x, y, separation, angle, light, ratio } = phantom;
      const dx = (separation / 2) * cosDegrees(angle);
      const dy = (separation / 2) * sinDegrees(angle);
      return emitterScene(name, () => [
        point('0', x - dx, y - dy, 0, light),
        point('1', x + dx, y + dy, 0, light * ratio),
      ]);
    }
    case 'line-pairs':
      return emitterScene(name, () => linePairs(phantom));
    case 'rod-gap': {
      const { gap, length, angle, radius, x, y } = phantom;
      const middle = (gap + length) / 2;
      return emitterScene(name, () => [
        rod('0', x - middle * cosDegrees(angle), y - middle * sinDegrees(angle), angle, length, radius),
        rod('1', x + middle * cosDegrees(angle), y + middle * sinDegrees(angle), angle, length, radius),
      ]);
    }
    case 'crossing': {
      const { offset, speed, angle, length, radius } = phantom;
      return emitterScene(name, (time) => {
        const half = (offset - speed * time) / 2;
        return [-half, half].map((away, i) =>
          rod(`${i}`, -away * sinDegrees(angle), away * cosDegrees(angle), angle, length, radius),
        );
      });
    }
    case 'beads': {
      const beads = strewBeads(phantom, random, width, height);
      return emitterScene(name, () => beads);
    }
  }
}

/** A still pattern that is known as a function of place, as it looks behind the optics. */
function fieldScene(name: string, valueAt: (view: View) => number | ((x: number, y: number) => number)): Scene {
  return {
    name,
    samplesPerPixel: 1,
    render(view) {
      const { grid, stage, rowShift } = view;
      const value = valueAt(view);
      if (typeof value === 'number') return new Float32Array(grid.sizeX * grid.sizeY).fill(value);
      return Float32Array.from({ length: grid.sizeX * grid.sizeY }, (_, k) => {
        const row = Math.floor(k / grid.sizeX);
        const x = grid.x0 + (k % grid.sizeX) * grid.pixelSize + (rowShift?.[row] ?? 0);
        return value(x - stage.x, grid.y0 + row * grid.pixelSize - stage.y);
      });
    },
    objects: () => [],
    events: () => [],
  };
}

/** Each frequency is damped by the Gaussian transfer function of optics and aperture. */
function chirpAt({ from, to }: Chirp, width: number, { optics, grid }: View): (x: number) => number {
  const variance = psfSigma(optics) ** 2 + grid.apertureX ** 2 / 12;
  return (x) => {
    const along = x + width / 2;
    const frequency = from + ((to - from) * along) / width;
    const phase = 2 * Math.PI * (from * along + ((to - from) * along * along) / (2 * width));
    return 0.5 + 0.5 * Math.exp(-2 * Math.PI ** 2 * variance * frequency ** 2) * Math.cos(phase);
  };
}

/** Objects that are points, or threads drawn as rows of spots; all in one plane unless they say otherwise. */
function emitterScene(name: string, emitters: (time: number) => readonly Emitter[]): Scene {
  return {
    name,
    samplesPerPixel: 1,
    render: (view) =>
      renderEmitters((brush) => {
        for (const emitter of emitters(view.timeAt(0))) drawEmitter(emitter, view, brush);
      }, view),
    objects: (time) => emitters(time).map(({ object }) => object),
    events: () => [],
  };
}

function drawEmitter({ object, light }: Emitter, view: View, brush: Brush): void {
  const { path, radius, z } = object;
  const spots = path.length / 2;
  const each = light(view) / spots;
  for (let k = 0; k < spots; k++) brush(path[2 * k]!, path[2 * k + 1]!, z, radius / 2, each);
}

function point(id: string, x: number, y: number, z: number, light: number): Emitter {
  return {
    object: { id, kind: 'bead', path: Float32Array.of(x, y), radius: 0, brightness: light, z },
    light: () => light,
  };
}

/** A straight thread around (x, y) whose image peaks at 1. */
function rod(id: string, x: number, y: number, angle: number, length: number, radius: number): Emitter {
  const spots = Math.max(1, Math.round(length / POINT_SPACING));
  const path = Float32Array.from({ length: 2 * spots }, (_, n) => {
    const along = (((n >> 1) + 0.5) / spots - 0.5) * length;
    return n % 2 === 0 ? x + along * cosDegrees(angle) : y + along * sinDegrees(angle);
  });
  return {
    object: { id, kind: 'rod', path, radius, brightness: 1, z: 0 },
    light: (view) => lightPerMicrometre(radius / 2, view) * length,
  };
}

function linePairs({ spacings, angle, length }: LinePairs): Emitter[] {
  return spacings.flatMap((spacing, i) => {
    const middle = 3 * (i - (spacings.length - 1) / 2);
    return [-spacing / 2, spacing / 2].map((offset, side) => {
      const away = middle + offset;
      const id = `${i}.${side}`;
      return rod(id, -away * sinDegrees(angle), away * cosDegrees(angle), angle, length, 2 * LINE_SIGMA);
    });
  });
}

/** A uniform ball of diameter d has the standard deviation d / sqrt(20) along each axis. */
function strewBeads({ count, diameter, light }: Beads, random: Random, width: number, height: number): Emitter[] {
  const beads: Emitter[] = [];
  for (let tries = 0; beads.length < count && tries < 200 * count; tries++) {
    const x = (random.uniform() - 0.5) * (width - BEAD_DISTANCE);
    const y = (random.uniform() - 0.5) * (height - BEAD_DISTANCE);
    const free = beads.every(({ object }) => Math.hypot(object.path[0]! - x, object.path[1]! - y) >= BEAD_DISTANCE);
    if (!free) continue;
    const radius = (2 * diameter) / Math.sqrt(20);
    const object: SceneObject = {
      id: `${beads.length}`,
      kind: 'bead',
      path: Float32Array.of(x, y),
      radius,
      brightness: light,
      z: 0,
    };
    beads.push({ object, light: () => light });
  }
  return beads;
}

function cosDegrees(angle: number): number {
  return Math.cos((angle * Math.PI) / 180);
}

function sinDegrees(angle: number): number {
  return Math.sin((angle * Math.PI) / 180);
}
