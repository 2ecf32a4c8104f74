/**
 * What the drawn shapes read in a desk's frames.
 */

import { lineProfile, regionStatistics, type RegionStatistics, type Shape } from '../draw/measure.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';

/** What a shape reads in the frame on show, and how its mean went from frame to frame. */
export interface Reading {
  /** The shape as it lay: one that was moved begins a new history. */
  readonly of: Shape;
  readonly raw?: RegionStatistics | undefined;
  readonly enhanced?: RegionStatistics | undefined;
  /** At the same places as that of the enhanced picture. */
  readonly rawProfile?: readonly number[] | undefined;
  readonly enhancedProfile?: readonly number[] | undefined;
  /** In the order in which the frames were taken, whatever the order in which they were looked at. */
  readonly history: readonly Moment[];
}

interface Moment {
  /** Unix ms of the frame's arrival. */
  readonly atMs: number;
  readonly raw: number;
  readonly enhanced?: number | undefined;
}

const HISTORY_LENGTH = 480;

export class Readings {
  /** By the number of the shape. */
  byShape = $state.raw<Readonly<Record<number, Reading>>>({});

  /** Reads every shape in a frame; a frame that was read before adds nothing to the histories. */
  read(frame: LiveFrame, shapes: readonly Shape[]): void {
    if (shapes.length === 0) return;
    this.byShape = Object.fromEntries(
      shapes.map((shape) => {
        const before = this.byShape[shape.id];
        return [shape.id, readingOf(shape, frame, before?.of === shape ? before.history : [])];
      }),
    );
  }
}

function readingOf(shape: Shape, frame: LiveFrame, before: Reading['history']): Reading {
  if (shape.kind === 'distance') return { of: shape, history: [] };
  if (shape.kind === 'profile') {
    const finest = frame.enhanced?.magnification;
    return {
      of: shape,
      rawProfile: lineProfile(frame.raw, shape.from, shape.to, finest),
      enhancedProfile: frame.enhanced && lineProfile(frame.enhanced, shape.from, shape.to),
      history: [],
    };
  }
  const raw = regionStatistics(frame.raw, shape);
  const enhanced = frame.enhanced && regionStatistics(frame.enhanced, shape);
  if (!raw) return { of: shape, raw, enhanced, history: before };
  const now = { atMs: frame.header.arrivedMs, raw: raw.mean, enhanced: enhanced?.mean };
  return { of: shape, raw, enhanced, history: withMoment(before, now) };
}

function withMoment(history: readonly Moment[], now: Moment): readonly Moment[] {
  const at = history.findLastIndex(({ atMs }) => atMs <= now.atMs) + 1;
  const isKnown = history[at - 1]?.atMs === now.atMs;
  const next = [...history.slice(0, isKnown ? at - 1 : at), now, ...history.slice(at)];
  return next.slice(-HISTORY_LENGTH);
}
