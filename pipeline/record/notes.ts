/**
 * What people add to a session: its name, marks on frames, notes. `notes.jsonl` is only ever appended to: a change is a new
 * version and a removal is a version that says so, so that nothing that was written is lost.
 */

import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SessionError } from '../errors.ts';

const NOTES_FILE = 'notes.jsonl';
export const MAX_NOTE_CHARS = 2000;
/** The session's own name is a note with this id. */
const NAME_ID = 'name';

export interface NoteVersion {
  readonly id: string;
  /** From 1. */
  readonly version: number;
  /** Unix ms. */
  readonly atMs: number;
  readonly author?: string;
  /** The frame that is marked; absent for a note on the whole session. */
  readonly sequence?: number;
  readonly text: string;
  readonly removed?: true;
}

export interface Note extends NoteVersion {
  /** Earlier versions, oldest first. */
  readonly history: readonly NoteVersion[];
}

export interface Notes {
  /** The name that somebody gave the session; absent: the acquisition's own. */
  readonly name?: string;
  /** By frame; notes on the whole session first. Removed ones are left out. */
  readonly notes: readonly Note[];
}

export interface NewNote {
  readonly text: string;
  readonly sequence?: number;
  readonly author?: string;
}

export function readNotes(folder: string): Notes {
  const versions = new Map<string, NoteVersion[]>();
  for (const version of readVersions(folder)) {
    versions.set(version.id, [...(versions.get(version.id) ?? []), version]);
  }
  const name = versions.get(NAME_ID)?.at(-1)?.text;
  const notes = [...versions.values()]
    .map((all): Note => ({ ...all.at(-1)!, history: all.slice(0, -1) }))
    .filter(({ id, removed }) => id !== NAME_ID && !removed)
    .sort((a, b) => (a.sequence ?? -1) - (b.sequence ?? -1) || a.atMs - b.atMs);
  return { ...(name && { name }), notes };
}

export function addNote(folder: string, note: NewNote): NoteVersion {
  return append(folder, { ...note, id: randomUUID(), version: 1, atMs: Date.now() });
}

/** Throws SessionError when there is no such note. */
export function changeNote(folder: string, id: string, text: string, author?: string): NoteVersion {
  return append(folder, { ...nextVersion(folder, id, author), text });
}

/** The note is no longer shown; its text stays in the file. Throws SessionError when there is no such note. */
export function removeNote(folder: string, id: string, author?: string): NoteVersion {
  return append(folder, { ...nextVersion(folder, id, author), removed: true });
}

export function renameSession(folder: string, name: string): NoteVersion {
  const version = 1 + readVersions(folder).filter(({ id }) => id === NAME_ID).length;
  return append(folder, { id: NAME_ID, version, atMs: Date.now(), text: name });
}

function nextVersion(folder: string, id: string, author: string | undefined): NoteVersion {
  const last = readNotes(folder).notes.find((note) => note.id === id);
  if (!last) throw new SessionError(`${folder}: there is no note ${id}`);
  const { history: _, author: __, ...version } = last;
  return { ...version, version: last.version + 1, atMs: Date.now(), ...(author !== undefined && { author }) };
}

function append(folder: string, version: NoteVersion): NoteVersion {
  appendFileSync(join(folder, NOTES_FILE), `${JSON.stringify(version)}\n`, { flush: true });
  return version;
}

function readVersions(folder: string): NoteVersion[] {
  let text: string;
  try {
    text = readFileSync(join(folder, NOTES_FILE), 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as NoteVersion];
    } catch {
      return []; // The empty last line, or one that was torn by a crash.
    }
  });
}
