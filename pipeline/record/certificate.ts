/**
 * The closing certificate of a session: what became of every frame, and the head of the ledger's chain. `certificate.json`
 * for programs, `certificate.html` for people. Written when a session is closed, and again when one is recovered.
 */

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { balances, type LedgerTotals } from '../ledger.ts';
import { disagreements, type Account } from './account.ts';
import { certificatePage } from './certificatePage.ts';
import { writeJsonAtomically } from './jsonFile.ts';
import { withStoredChannels } from './storedChannels.ts';
import { checklist, methodsParagraph, type ChecklistItem } from './methods.ts';
import { SESSION_FILE, type SessionConstants } from './sessionFile.ts';

export const CERTIFICATE_FILE = 'certificate.json';
export const CERTIFICATE_PAGE = 'certificate.html';

export interface Certificate {
  readonly schema: 'scopestream-certificate';
  readonly version: 1;
  readonly session: string;
  readonly name: string;
  readonly startedAt: string;
  /** ISO 8601, UTC. */
  readonly certifiedAt: string;
  /** `closed` by the service; `failed`: it had to end; `recovered`: put in order after a crash. */
  readonly state: 'closed' | 'failed' | 'recovered';
  readonly failure?: string;
  /** Frames that arrived, and those known never to have come. */
  readonly acquired: number;
  readonly arrived: number;
  readonly recorded: number;
  readonly enhanced: number;
  readonly shown: number;
  readonly superseded: number;
  readonly corrupt: number;
  readonly missing: number;
  /** What the service's own totals say; absent after a crash. */
  readonly totals?: LedgerTotals;
  /** True when every frame that arrived is accounted for, and the totals agree with the ledger. */
  readonly balances: boolean;
  readonly disagreements: readonly string[];
  readonly account: Account;
  readonly ledger: { readonly lines: number; readonly head: string; readonly sessionSha256: string };
  readonly promise: string;
  readonly software: SessionConstants['software'];
  readonly methods: string;
  readonly checklist: readonly ChecklistItem[];
  /** SHA-256 of this certificate's JSON without this field and without white space. */
  readonly sha256: string;
}

export interface CertificateInput {
  readonly account: Account;
  readonly ledger: { readonly lines: number; readonly head: string };
  readonly totals?: LedgerTotals;
  readonly failure?: string;
}

export function writeCertificate(folder: string, input: CertificateInput): void {
  const sessionText = readFileSync(join(folder, SESSION_FILE), 'utf8');
  const sessionSha256 = createHash('sha256').update(sessionText).digest('hex');
  const written = JSON.parse(sessionText) as SessionConstants;
  const constants = { ...written, acquisition: withStoredChannels(folder, written.acquisition) };
  const certificate = makeCertificate(constants, sessionSha256, input);
  writeJsonAtomically(join(folder, CERTIFICATE_FILE), certificate);
  writeFileSync(join(folder, CERTIFICATE_PAGE), certificatePage(certificate));
}

function makeCertificate(
  constants: SessionConstants,
  sessionSha256: string,
  { account, ledger, totals, failure }: CertificateInput,
): Certificate {
  const { acquisition, recording, software } = constants;
  const problems = totals ? disagreements(totals, account) : [];
  const ended = (end: keyof Account['ends']) => account.ends[end]?.count ?? 0;
  const content: Omit<Certificate, 'sha256'> = {
    schema: 'scopestream-certificate',
    version: 1,
    session: acquisition.id,
    name: acquisition.name,
    startedAt: acquisition.startedAt,
    certifiedAt: new Date().toISOString(),
    state: failure !== undefined ? 'failed' : totals ? 'closed' : 'recovered',
    ...(failure !== undefined && { failure }),
    acquired: account.frames + account.missing,
    arrived: account.frames,
    recorded: account.recorded,
    enhanced: ended('enhanced'),
    shown: ended('enhanced') + ended('unenhanced'),
    superseded: ended('superseded'),
    corrupt: ended('corrupt'),
    missing: account.missing,
    ...(totals && { totals }),
    balances: problems.length === 0 && (totals === undefined || balances(totals)),
    disagreements: problems,
    account,
    ledger: { ...ledger, sessionSha256 },
    promise: recording.promise,
    software,
    methods: methodsParagraph(constants, account),
    checklist: checklist(constants, account),
  };
  return { ...content, sha256: certificateHash(content) };
}

/** Hash of a certificate's content, for its `sha256` and for whoever checks it. */
export function certificateHash({ sha256: _, ...content }: Omit<Certificate, 'sha256'> & { sha256?: string }): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
