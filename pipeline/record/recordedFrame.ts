import type { NormalisedFrame, Plane } from '../frame.ts';
import type { RecordedSession } from './review.ts';

/** Raw planes that causal models look back on. */
const HISTORY_LENGTH = 2;
/** How many frames back they are looked for: in a z-series the frame before lies a stack away. */
const LOOK_BACK = 1000;

/**
 * A frame as its enhancer saw it, from what was recorded: raw pixels, normalisation, the planes before. Undefined when one
 * of them was not recorded.
 */
export async function recordedFrame(session: RecordedSession, sequence: number): Promise<NormalisedFrame | undefined> {
  const row = session.row(sequence);
  const raw = await session.planeOf(sequence, 'raw');
  const provenance = session.provenanceOf(sequence);
  if (!row?.meta || !raw || !provenance?.normalisation) return undefined;
  return {
    meta: row.meta,
    raw: raw.plane,
    description: { significantBits: significantBits(session, provenance.intensityScale) },
    times: {},
    normalisation: provenance.normalisation,
    history: await planesBefore(session, sequence),
  };
}

/** Stored values are raw * 2^(16 - significantBits): the scale tells which bits the enhancer went by. */
function significantBits(session: RecordedSession, intensityScale: number | undefined): number {
  return intensityScale === undefined ? session.acquisition.significantBits : 16 + Math.log2(intensityScale);
}

async function planesBefore(session: RecordedSession, sequence: number): Promise<Plane[]> {
  const { c, z } = session.index.bySequence(sequence)!;
  const planes: Plane[] = [];
  for (let before = sequence - 1; before >= Math.max(0, sequence - LOOK_BACK); before--) {
    const entry = session.index.bySequence(before);
    if (!entry?.hasRaw || entry.c !== c || entry.z !== z) continue;
    const read = await session.planeOf(before, 'raw');
    if (read) planes.unshift(read.plane);
    if (planes.length === HISTORY_LENGTH) break;
  }
  return planes;
}
