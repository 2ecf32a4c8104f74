/**
 * The pointer, its tool, and the shapes that were drawn with it. Desks that are compared share one.
 */

import type { Grip } from '../draw/grip.ts';
import { distance, type Shape, type ShapeKind } from '../draw/measure.ts';
import type { Point } from '../draw/viewport.ts';

export const TOOLS = ['pan', 'rectangle', 'ellipse', 'profile', 'distance'] as const;
export type Tool = (typeof TOOLS)[number];

/** Raw samples. */
const LEAST_LENGTH = 0.75;

export class Tools {
  tool = $state<Tool>('pan');
  shapes = $state.raw<readonly Shape[]>([]);
  selected = $state<number>();
  /** Raw samples; undefined while the pointer is over no image. */
  pointer = $state.raw<Point>();
  /** While a key or finger asks to see raw. */
  peeking = $state(false);
  #nextId = 1;

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

  /** What is held follows the pointer. */
  drag({ id, corner }: Grip, before: Point, now: Point): void {
    if (!corner) return this.move(id, { x: now.x - before.x, y: now.y - before.y });
    const shape = this.shapes.find((candidate) => candidate.id === id);
    if (!shape) return;
    const ends = { from: { ...shape.from }, to: { ...shape.to } };
    ends[corner.x].x = now.x;
    ends[corner.y].y = now.y;
    this.change(id, ends.from, ends.to);
  }

  remove(id: number): void {
    this.shapes = this.shapes.filter((shape) => shape.id !== id);
    if (this.selected === id) this.selected = this.shapes.at(-1)?.id;
  }

  clear(): void {
    this.shapes = [];
    this.selected = undefined;
  }
}
