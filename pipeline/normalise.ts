/**
 * Fixes, for a session, how raw intensities map to a model's range: x = (raw - offset) / scale.
 *
 * Per channel, from the first frame: b = mean over 5x5 pixels (edges replicated), so that single noisy pixels do not
 * set the range; offset = 1st percentile of b; scale = 99.9th percentile of b - offset, at least 1 raw unit. The models
 * are trained with exactly this recipe (`models/training/scopestream_training/normalise.py`).
 *
 * Frame 32 of the channel is looked at once more: when its scale differs by more than a factor of two (the shutter was
 * closed, the lamp was off), its constants are taken for the rest of the session. Nothing changes after that.
 */

import { boxMean } from './assess/boxMean.ts';
import { greyOfPlane } from './assess/grey.ts';
import { percentiles } from './assess/percentile.ts';
import type { Frame, Normalisation, NormalisedFrame, Plane } from './frame.ts';

const BOX_PIXELS = 5;
const PERCENTILES = [1, 99.9] as const;
const SMALLEST_SCALE = 1;

const SECOND_LOOK_FRAME = 32;
const SECOND_LOOK_FACTOR = 2;

/** Planes that a causal model looks back on. */
const HISTORY_LENGTH = 2;
/** A long z-series has many histories; the ones not used for longest are forgotten beyond this. */
const HISTORY_LIMIT_BYTES = 256 * 1024 * 1024;

/** Offset and scale, raw units, of one plane; of a colour plane, its green samples. */
export function normalisationOf(plane: Plane, source: string): Normalisation {
  const [low, high] = percentiles(boxMean(greyOfPlane(plane), BOX_PIXELS).data, PERCENTILES);
  const scale = Math.max(high - low, SMALLEST_SCALE);
  if (!Number.isFinite(low) || !Number.isFinite(scale))
    return { offset: 0, scale: SMALLEST_SCALE, source: 'not finite' };
  return { offset: low, scale, source };
}

/** A normaliser for one session. Frames must come in order, all of one shape. */
export function createNormaliser(): (frame: Frame) => NormalisedFrame {
  const channels = new Map<number, { readonly normalisation: Normalisation; readonly frames: number }>();
  const history = createHistory();

  const constantsFor = (frame: Frame): Normalisation => {
    const { c } = frame.meta.index;
    const known = channels.get(c);
    const frames = (known?.frames ?? 0) + 1;
    let normalisation = known?.normalisation ?? normalisationOf(frame.raw, 'first-frame');
    if (frames === SECOND_LOOK_FRAME) normalisation = secondLook(normalisation, frame.raw);
    channels.set(c, { normalisation, frames });
    return normalisation;
  };

  return (frame) => ({ ...frame, normalisation: constantsFor(frame), history: history(frame) });
}

function secondLook(first: Normalisation, plane: Plane): Normalisation {
  const second = normalisationOf(plane, `frame-${SECOND_LOOK_FRAME}`);
  const factor = second.scale / first.scale;
  return factor > SECOND_LOOK_FACTOR || factor < 1 / SECOND_LOOK_FACTOR ? second : first;
}

/** Remembers the planes just before each one, per channel and section. */
function createHistory(): (frame: Frame) => readonly Plane[] {
  const places = new Map<string, readonly Plane[]>();
  return ({ meta, raw }) => {
    const place = `${meta.index.c}/${meta.index.z}`;
    const before = places.get(place) ?? [];
    places.delete(place); // Set again below, so that the map's order is that of use.
    places.set(place, [...before, raw].slice(-HISTORY_LENGTH));
    const most = Math.max(1, Math.floor(HISTORY_LIMIT_BYTES / (HISTORY_LENGTH * raw.data.byteLength)));
    for (const oldest of places.keys()) {
      if (places.size <= most) break;
      places.delete(oldest);
    }
    return before;
  };
}
