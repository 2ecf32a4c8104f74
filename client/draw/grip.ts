/**
 * Where a drawn shape can be taken hold of: its ends or corners change it, its line moves it.
 */

import { distance, type Shape } from './measure.ts';
import type { Point } from './viewport.ts';

type End = 'from' | 'to';

/** Which end's x and which end's y stand in a corner; of a line, both of one end. */
export interface Corner {
  readonly x: End;
  readonly y: End;
}

export interface Grip {
  readonly id: number;
  /** Absent: the whole shape is held. */
  readonly corner?: Corner;
}

const LINE_ENDS: readonly Corner[] = [
  { x: 'from', y: 'from' },
  { x: 'to', y: 'to' },
];
const BOX_CORNERS: readonly Corner[] = [...LINE_ENDS, { x: 'from', y: 'to' }, { x: 'to', y: 'from' }];

export function cornersOf({ kind }: Shape): readonly Corner[] {
  return kind === 'profile' || kind === 'distance' ? LINE_ENDS : BOX_CORNERS;
}

export function cornerPoint(shape: Shape, corner: Corner): Point {
  return { x: shape[corner.x].x, y: shape[corner.y].y };
}

/** What of the shapes lies within `reach` of a point, the one drawn last first. All in raw samples. */
export function gripAt(shapes: readonly Shape[], at: Point, reach: number): Grip | undefined {
  for (const shape of [...shapes].reverse()) {
    const corner = cornersOf(shape).find((candidate) => distance(cornerPoint(shape, candidate), at) <= reach);
    if (corner) return { id: shape.id, corner };
    if (distanceToLine(shape, at) <= reach) return { id: shape.id };
  }
  return undefined;
}

function distanceToLine({ kind, from, to }: Shape, at: Point): number {
  if (kind === 'profile' || kind === 'distance') return distanceToSegment(from, to, at);
  if (kind === 'ellipse') return distanceToEllipse(from, to, at);
  const others = [
    { x: to.x, y: from.y },
    { x: from.x, y: to.y },
  ];
  return Math.min(...[from, to].flatMap((end) => others.map((other) => distanceToSegment(end, other, at))));
}

function distanceToSegment(from: Point, to: Point, at: Point): number {
  const along = { x: to.x - from.x, y: to.y - from.y };
  const square = along.x ** 2 + along.y ** 2;
  const share = square === 0 ? 0 : ((at.x - from.x) * along.x + (at.y - from.y) * along.y) / square;
  const t = Math.min(Math.max(share, 0), 1);
  return distance({ x: from.x + t * along.x, y: from.y + t * along.y }, at);
}

/** Along the ray from the centre: exact on the axes and on a circle, near enough elsewhere for a pointer. */
function distanceToEllipse(from: Point, to: Point, at: Point): number {
  const centre = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const radius = { x: Math.abs(to.x - from.x) / 2, y: Math.abs(to.y - from.y) / 2 };
  const reached = Math.hypot((at.x - centre.x) / radius.x, (at.y - centre.y) / radius.y);
  return reached === 0 ? Math.min(radius.x, radius.y) : (distance(centre, at) * Math.abs(reached - 1)) / reached;
}
