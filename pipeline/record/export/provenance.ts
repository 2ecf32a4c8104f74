/** What goes with every export: where the pixels come from, who predicted them, and how to check it. */

import { CERTIFICATE_FILE } from '../certificate.ts';
import type { RecordedSession, Which } from '../review.ts';
import type { ProvenanceLine } from '../rows.ts';
import type { SelectedFrame } from './selection.ts';

export interface ExportProvenance {
  readonly schema: 'scopestream-provenance';
  readonly version: 1;
  readonly what: Which | 'both';
  /** True when any of the pixels were predicted by a model. */
  readonly predicted: boolean;
  readonly session: string;
  readonly acquisition: unknown;
  readonly software: unknown;
  readonly exportedAt: string;
  /** Look-up of `predictedBy` below. */
  readonly provenances: readonly ProvenanceLine[];
  readonly frames: readonly FrameProvenance[];
  readonly verifyWith: string;
}

interface FrameProvenance {
  readonly sequence: number;
  /** Place in this export, and in the session. */
  readonly t: number;
  readonly c: number;
  readonly z: number;
  readonly sessionT: number;
  /** Unix ms. */
  readonly arrivedMs: number;
  readonly rawSha256?: string;
  readonly enhancedSha256?: string;
  /** Id of its provenance. */
  readonly predictedBy?: number;
}

export function provenanceOf(
  session: RecordedSession,
  selected: readonly SelectedFrame[],
  what: Which | 'both',
): ExportProvenance {
  const provenances = session.events.filter((line): line is ProvenanceLine => line.event === 'provenance');
  const frames = selected.map(({ entry, index }): FrameProvenance => {
    const { raw, enhanced } = session.row(entry.sequence) ?? {};
    const predictedBy = what === 'raw' ? undefined : session.provenanceOf(entry.sequence)?.id;
    return {
      sequence: entry.sequence,
      ...index,
      sessionT: entry.t,
      arrivedMs: entry.arrivedMs,
      ...(raw && { rawSha256: raw.sha256 }),
      ...(what !== 'raw' && enhanced && { enhancedSha256: enhanced.sha256 }),
      ...(predictedBy !== undefined && { predictedBy }),
    };
  });
  return {
    schema: 'scopestream-provenance',
    version: 1,
    what,
    predicted: frames.some(({ enhancedSha256 }) => enhancedSha256 !== undefined),
    session: session.id,
    acquisition: session.acquisition,
    software: session.constants.software,
    exportedAt: new Date().toISOString(),
    provenances: what === 'raw' ? [] : provenances,
    frames,
    verifyWith: `scopestream verify ${session.id} (${CERTIFICATE_FILE} of the session)`,
  };
}
