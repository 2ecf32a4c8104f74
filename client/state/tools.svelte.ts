/**
 * The pointer's tool, and the shapes that were drawn with it.
 */

import {
  distance,
  lineProfile,
  regionStatistics,
  type RegionStatistics,
  type Shape,
  type ShapeKind,
} from '../draw/measure.ts';
import type { Point } from '../draw/viewport.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';

export const TOOLS = ['pan', 'rectangle', 'ellipse', 'profile', 'distance'] as const;
export type Tool = (typeof TOOLS)[number];

/** What a shape reads in the newest frame, and how its mean went. */
export interface Reading {
  readonly raw?: RegionStatistics | undefined;
  readonly enhanced?: RegionStatistics | undefined;
  readonly rawProfile?: readonly number[] | undefined;
  readonly enhancedProfile?: readonly number[] | undefined;
  readonly history: readonly { readonly atMs: number; readonly raw: number; readonly enhanced?: number | undefined }[];
}

const HISTORY_LENGTH = 480;
/** Raw samples. */
const LEAST_LENGTH = 0.75;
const EMPTY: Reading = { history: [] };

export class Tools {
  tool = $state<Tool>('pan');
  shapes = $state.raw<readonly Shape[]>([]);
  selected = $state<number>();
  /** By the number of the shape. */
  readings = $state.raw<Readonly<Record<number, Reading>>>({});
  #nextId = 1;
  #read: LiveFrame | undefined;

  add(kind: ShapeKind, from: Point, to: Point): number {
    const id = this.#nextId++;
    this.shapes = [...this.shapes, { id, kind, from, to }];
    this.selected = id;
    return id;
  }

  change(id: number, from: Point, to: Point): void {
    this.shapes = this.shapes.map((shape) => (shape.id === id ? { ...shape, from, to } : shape));
  }

  /** Ends drawing: a click without a drag leaves nothing. */
  finish(id: number): void {
    const shape = this.shapes.find((candidate) => candidate.id === id);
    if (shape && distance(shape.from, shape.to) < LEAST_LENGTH) this.remove(id);
  }

  move(id: number, by: Point): void {
    const shape = this.shapes.find((candidate) => candidate.id === id);
    if (!shape) return;
    const moved = (at: Point): Point => ({ x: at.x + by.x, y: at.y + by.y });
    this.change(id, moved(shape.from), moved(shape.to));
  }

  remove(id: number): void {
    this.shapes = this.shapes.filter((shape) => shape.id !== id);
    if (this.selected === id) this.selected = this.shapes.at(-1)?.id;
  }

  clear(): void {
    this.shapes = [];
    this.selected = undefined;
  }

  /** Reads every shape in a frame; a frame that was read before adds nothing to the histories. */
  read(frame: LiveFrame): void {
    const isNew = frame !== this.#read;
    this.#read = frame;
    if (this.shapes.length === 0) return;
    this.readings = Object.fromEntries(
      this.shapes.map((shape) => [shape.id, readingOf(shape, frame, this.readings[shape.id] ?? EMPTY, isNew)]),
    );
  }
}

function readingOf(shape: Shape, frame: LiveFrame, before: Reading, isNew: boolean): Reading {
  if (shape.kind === 'distance') return EMPTY;
  if (shape.kind === 'profile') {
    return {
      rawProfile: lineProfile(frame.raw, shape.from, shape.to),
      enhancedProfile: frame.enhanced && lineProfile(frame.enhanced, shape.from, shape.to),
      history: [],
    };
  }
  const raw = regionStatistics(frame.raw, shape);
  const enhanced = frame.enhanced && regionStatistics(frame.enhanced, shape);
  if (!raw || !isNew) return { raw, enhanced, history: before.history };
  const now = { atMs: frame.header.arrivedMs, raw: raw.mean, enhanced: enhanced?.mean };
  return { raw, enhanced, history: [...before.history.slice(-(HISTORY_LENGTH - 1)), now] };
}
