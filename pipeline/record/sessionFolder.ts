/** The folder that holds sessions: which there are, and a trash from which a deleted one can be taken back. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SessionError } from '../errors.ts';
import { CERTIFICATE_FILE, type Certificate } from './certificate.ts';
import { ENTRY_BYTES, INDEX_FILE } from './frameIndex.ts';
import { lockState } from './lock.ts';
import { readNotes } from './notes.ts';
import { SESSION_FILE, type SessionConstants } from './sessionFile.ts';

const TRASH = '.trash';
/** What an id may look like: no separators, no leading dot, so that it never leaves its folder. */
const ID = /^[A-Za-z0-9][\w.-]{0,199}$/;

export interface SessionSummary {
  readonly id: string;
  readonly name: string;
  readonly sourceKind: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** `interrupted`: a crash left it behind; opening it puts it in order. */
  readonly state: 'recording' | 'interrupted' | Certificate['state'];
  /** Lines of the ledger: the frames that arrived, and a few events. */
  readonly ledgerLines: number;
  readonly sizeX: number;
  readonly sizeY: number;
  /** Marks and notes of people. */
  readonly noteCount: number;
  /** The model chosen when the session began. */
  readonly modelId?: string;
  /** The session whose frames were played again to make this one. */
  readonly replayOf?: string;
  /** Second from the first frame to the last; absent while there is no certificate. */
  readonly duration?: number;
  /** From the certificate; absent while there is none. */
  readonly certified?: Pick<
    Certificate,
    'arrived' | 'recorded' | 'enhanced' | 'superseded' | 'corrupt' | 'missing' | 'balances'
  >;
}

/** Newest first. Folders that are no session are left out, and one that cannot be read does not hide the others. */
export function listSessions(root: string): SessionSummary[] {
  return namesIn(root)
    .flatMap((id) => summaryOf(root, id) ?? [])
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Throws SessionError when there is no such session. */
export function folderOf(root: string, id: string): string {
  const folder = join(root, id);
  if (!ID.test(id) || !existsSync(join(folder, SESSION_FILE))) throw new SessionError(`there is no session ${id}`);
  return folder;
}

/** Moves a session to the trash. Returns the id under which it can be taken back. Throws SessionError while it is recorded. */
export function trashSession(root: string, id: string): string {
  const folder = folderOf(root, id);
  if (lockState(folder) === 'live') throw new SessionError(`${id} is being recorded: stop the recording first`);
  mkdirSync(join(root, TRASH), { recursive: true });
  const trashId = `${id}.${Date.now()}`;
  renameSync(folder, join(root, TRASH, trashId));
  return trashId;
}

/** Takes a session back from the trash. Returns its id. Throws SessionError when it is not there, or its place is taken. */
export function restoreSession(root: string, trashId: string): string {
  const trash = join(root, TRASH);
  folderOf(trash, trashId);
  const id = trashId.replace(/\.\d+$/, '');
  if (existsSync(join(root, id))) throw new SessionError(`there is a session ${id} already`);
  renameSync(join(trash, trashId), join(root, id));
  return id;
}

export function listTrash(root: string): (SessionSummary & { readonly trashId: string })[] {
  return listSessions(join(root, TRASH)).map((summary) => ({ ...summary, trashId: summary.id }));
}

/** Undefined when the folder holds no session. */
export function summaryOf(root: string, id: string): SessionSummary | undefined {
  const folder = join(root, id);
  const constants = readJson<SessionConstants>(join(folder, SESSION_FILE));
  if (constants?.schema !== 'scopestream-session') return undefined;
  const { name, sourceKind, startedAt, sizeX, sizeY } = constants.acquisition;
  const lock = lockState(folder);
  const certificate = lock === 'none' ? readJson<Certificate>(join(folder, CERTIFICATE_FILE)) : undefined;
  const { name: givenName, notes } = readNotes(folder);
  const { modelId } = (constants['model'] ?? {}) as { modelId?: string };
  const replayOf = constants['replayOf'] as string | undefined;
  const { firstMs, lastMs } = certificate?.account ?? {};
  const indexBytes = statSync(join(folder, INDEX_FILE), { throwIfNoEntry: false })?.size ?? 0;
  return {
    id,
    name: givenName ?? name,
    ...{ sourceKind, startedAt, sizeX, sizeY },
    state: lock === 'live' ? 'recording' : (certificate?.state ?? 'interrupted'),
    ledgerLines: Math.floor(indexBytes / ENTRY_BYTES),
    noteCount: notes.length,
    ...(modelId !== undefined && { modelId }),
    ...(replayOf !== undefined && { replayOf }),
    ...(firstMs !== undefined && lastMs !== undefined && { duration: (lastMs - firstMs) / 1000 }),
    ...(certificate && { certified: certifiedOf(certificate) }),
  };
}

function certifiedOf(certificate: Certificate): SessionSummary['certified'] {
  const { arrived, recorded, enhanced, superseded, corrupt, missing, balances } = certificate;
  return { arrived, recorded, enhanced, superseded, corrupt, missing, balances };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => ID.test(name));
  } catch {
    return [];
  }
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
