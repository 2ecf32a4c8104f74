import type { NoteVersion } from '../pipeline/record/notes.ts';
import type { LiveMark } from './protocol.ts';

/** What viewers are told of a note. `arrivedMs`: when the marked frame arrived, where there is one. */
export function liveMark(sessionId: string, note: NoteVersion, arrivedMs?: number): LiveMark {
  const { id, atMs, text, sequence, removed } = note;
  return {
    id,
    sessionId,
    atMs: arrivedMs ?? atMs,
    text,
    ...(sequence !== undefined && { sequence }),
    ...(removed && { removed }),
  };
}
