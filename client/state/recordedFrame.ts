/**
 * A recorded frame in the form in which desks show frames.
 */

import type { ReviewRow } from '../../server/protocol.ts';
import type { Picture } from '../draw/picture.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';

/** The ledger's row of a frame and its pixels, where any were recorded. */
export interface FramePixels {
  readonly row: ReviewRow;
  readonly raw?: Picture | undefined;
  readonly enhanced?: Picture | undefined;
}

/** What is shown at one place of a session. */
export interface RecordedFrame extends FramePixels {
  /** The other channels of the same time point and section. */
  readonly others: readonly FramePixels[];
}

/** Undefined when the frame has no pixels. */
export function frameToShow(sessionId: string, { row, raw, enhanced }: FramePixels): LiveFrame | undefined {
  if (!raw) return undefined;
  const nowMs = Date.now();
  const header: LiveFrame['header'] = {
    sessionId,
    sequence: row.sequence,
    index: row.meta?.index ?? { t: row.sequence, c: 0, z: 0 },
    name: row.name,
    arrivedMs: row.meta?.arrivedMs ?? row.endedMs,
    sentMs: nowMs,
    raw: shapeOf(raw),
    times: row.times,
    skippedForYou: 0,
    ...(row.because && { enhanceFault: row.because }),
    ...(row.quality && { quality: row.quality }),
    ...(row.cells && { cells: row.cells, cellsSeenIn: row.cellsSeenIn }),
    ...(row.cellsSkipped && { cellsSkipped: row.cellsSkipped }),
    ...(enhanced &&
      row.prediction && {
        enhanced: { ...shapeOf(enhanced), magnification: enhanced.magnification, prediction: row.prediction },
      }),
  };
  const sizeBytes = raw.data.byteLength + (enhanced?.data.byteLength ?? 0);
  return { header, raw, receivedMs: nowMs, sizeBytes, ...(enhanced && row.prediction && { enhanced }) };
}

function shapeOf(picture: Picture) {
  const { sizeX, sizeY, samplesPerPixel, intensityScale, intensityOffset } = picture;
  const encoding = picture.data instanceof Uint16Array ? ('uint16le' as const) : ('uint8' as const);
  return { sizeX, sizeY, samplesPerPixel, encoding, intensityScale, intensityOffset };
}
