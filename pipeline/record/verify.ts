/**
 * Checks a session against itself: the chain of its ledger, its totals and certificate, every stored plane, and (with an
 * enhancer) whether enhanced frames come out of raw again.
 */

import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Enhanced, NormalisedFrame, Plane } from '../frame.ts';
import { AccountCounter, disagreements } from './account.ts';
import { CERTIFICATE_FILE, certificateHash, type Certificate } from './certificate.ts';
import { isFrameEntry } from './frameIndex.ts';
import { chainStart, LEDGER_FILE, readLedger } from './ledgerFile.ts';
import { RAW_IMAGE } from './omeZarr.ts';
import { bytesOf, pixelHash } from './pixels.ts';
import { recordedFrame } from './recordedFrame.ts';
import type { RecordedSession, Which } from './review.ts';
import { isEvent, type ClosedLine, type LedgerLine, type StoredRow } from './rows.ts';
import { SESSION_FILE } from './sessionFile.ts';
import { LOG_SUFFIX, scanLog } from './shardLog.ts';

export interface VerifyOptions {
  /**
   * Enhances a frame with the model that its row names, so many times as large; absent: nothing is recomputed. Rejects when it
   * cannot.
   */
  readonly recompute?: (frame: NormalisedFrame, row: StoredRow, magnification: number) => Promise<Enhanced>;
  /** Enhanced frames that are recomputed, spread evenly; Infinity for all. */
  readonly sample: number;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A frame that does not hold what the ledger says, and why. */
export interface FrameFault {
  readonly sequence: number;
  readonly name: string;
  readonly problem: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly session: string;
  readonly checks: readonly Check[];
  readonly faults: readonly FrameFault[];
}

/**
 * Recomputed pixels may differ from stored ones by this share of the stored plane's range. On the provider and kind of
 * processor that made them they are the same to the bit; others add up in another order.
 */
export const RECOMPUTE_TOLERANCE = 0.002;

export async function verifySession(session: RecordedSession, options: VerifyOptions): Promise<VerifyReport> {
  const faults: FrameFault[] = [];
  const checks = [
    ...(await checkLedger(session)),
    checkStore(session),
    await checkPlanes(session, faults, options),
    ...(options.recompute ? [await checkEnhancement(session, faults, options)] : []),
  ];
  return { ok: checks.every(({ ok }) => ok), session: session.id, checks, faults };
}

async function checkLedger({ folder, isLive }: RecordedSession): Promise<Check[]> {
  const path = join(folder, LEDGER_FILE);
  const start = chainStart(join(folder, SESSION_FILE));
  const counter = new AccountCounter();
  let lines = 0;
  let head = start;
  let wholeBytes = 0;
  let broken: string | undefined;
  let closed: ClosedLine | undefined;
  for await (const { content, chain, linked, offset, sizeBytes } of readLedger(path, start)) {
    const line = content as unknown as LedgerLine;
    lines += 1;
    if (!linked)
      broken ??= `line ${lines} (${nameOf(line)}) does not follow from the one before: one of them was altered`;
    counter.add(line);
    if (isEvent(line) && line.event === 'closed') closed = line;
    head = chain;
    wholeBytes = offset + sizeBytes + 1;
  }
  if (statSync(path).size !== wholeBytes) broken ??= `the file ends in a torn line after line ${lines}`;
  const { account } = counter;
  const problems = closed ? disagreements(closed.totals, account) : [];
  return [
    { name: 'chain', ok: broken === undefined, detail: broken ?? `${lines} lines, each follows from the one before` },
    {
      name: 'totals',
      ok: problems.length === 0,
      detail:
        problems.join('; ') ||
        `${account.frames} frames arrived, ${account.recorded} recorded, ${account.missing} missing`,
    },
    isLive
      ? { name: 'certificate', ok: true, detail: 'the session is still being recorded' }
      : checkCertificate(folder, { lines, head }),
  ];
}

function checkCertificate(folder: string, ledger: { readonly lines: number; readonly head: string }): Check {
  const path = join(folder, CERTIFICATE_FILE);
  const fault = (detail: string): Check => ({ name: 'certificate', ok: false, detail });
  if (!existsSync(path)) return fault(`${CERTIFICATE_FILE} is missing`);
  let certificate: Certificate;
  try {
    certificate = JSON.parse(readFileSync(path, 'utf8')) as Certificate;
  } catch (error) {
    return fault(`${CERTIFICATE_FILE} cannot be read: ${messageOf(error)}`);
  }
  if (certificateHash(certificate) !== certificate.sha256) return fault('the certificate was altered');
  if (certificate.ledger.head !== ledger.head || certificate.ledger.lines !== ledger.lines) {
    const { lines } = certificate.ledger;
    return fault(`the certificate is of another ledger: it knows ${lines} lines, the ledger has ${ledger.lines}`);
  }
  if (!certificate.balances) return fault(`its account does not balance: ${certificate.disagreements.join('; ')}`);
  return { name: 'certificate', ok: true, detail: `${certificate.state}, certified ${certificate.certifiedAt}` };
}

/** Planes that lie in the store and that no line of the ledger knows. */
function checkStore(session: RecordedSession): Check {
  const unknown: string[] = [];
  let planes = 0;
  for (const name of session.images) {
    const image = session.image(name)!;
    for (const { path, isLog, shard, c, z } of image.shardFiles()) {
      const fd = openSync(isLog ? path + LOG_SUFFIX : path, 'r');
      for (const { position } of scanLog(fd, { verify: false }).planes) {
        planes += 1;
        const t = shard * image.planesPerShard + position;
        const entry = session.index.byPlace({ t, c, z });
        const isKnown = name === RAW_IMAGE ? entry?.hasRaw : entry?.hasEnhanced && entry.enhancedImage === name;
        if (!isKnown) unknown.push(`${name} t ${t} c ${c} z ${z}`);
      }
      closeSync(fd);
    }
  }
  // While a session is recorded, planes come before the row of their frame.
  const ok = unknown.length === 0 || session.isLive;
  const detail = unknown.length === 0 ? `${planes} planes, all in the ledger` : `not in the ledger: ${some(unknown)}`;
  return { name: 'store', ok, detail };
}

/** Every plane that the ledger names: there, of the right shape, and with the hash that was noted. */
async function checkPlanes(session: RecordedSession, faults: FrameFault[], options: VerifyOptions): Promise<Check> {
  const before = faults.length;
  let planes = 0;
  for (let sequence = 0; sequence < session.frameCount; sequence++) {
    const row = session.row(sequence);
    if (!row) {
      faults.push({ sequence, name: '', problem: 'has no line in the ledger' });
      continue;
    }
    if (row.recorded && !row.raw) faults.push({ ...row, problem: 'counts as recorded, but no raw plane was noted' });
    for (const which of ['raw', 'enhanced'] as const) {
      if (!row[which]) continue;
      planes += 1;
      const problem = await planeProblem(session, row, which);
      if (problem) faults.push({ sequence, name: row.name, problem });
    }
    options.onProgress?.(sequence + 1, session.frameCount);
  }
  const found = faults.length - before;
  const detail =
    found === 0
      ? `${planes} planes have the shape and the hash that were noted`
      : `${found} faults in ${planes} planes`;
  return { name: 'planes', ok: found === 0, detail };
}

async function planeProblem(session: RecordedSession, row: StoredRow, which: Which): Promise<string | undefined> {
  const noted = row[which]!;
  try {
    const name = 'image' in noted ? noted.image : RAW_IMAGE;
    const read = await session.readImage(name, noted.index);
    if (!read) return `the ${which} plane is missing from the store`;
    const { sizeX, sizeY, pixelType } = read.plane;
    const { acquisition } = session;
    if (
      which === 'raw' &&
      (sizeX !== acquisition.sizeX || sizeY !== acquisition.sizeY || pixelType !== acquisition.pixelType)
    ) {
      return `the raw plane is ${sizeX}x${sizeY} ${pixelType}, the acquisition is not`;
    }
    return pixelHash(bytesOf(read.plane)) === noted.sha256
      ? undefined
      : `the ${which} pixels are not those that were recorded`;
  } catch (error) {
    return messageOf(error);
  }
}

async function checkEnhancement(
  session: RecordedSession,
  faults: FrameFault[],
  options: VerifyOptions,
): Promise<Check> {
  const sequences = spread(enhancedSequences(session), options.sample);
  const before = faults.length;
  let identical = 0;
  for (const [done, sequence] of sequences.entries()) {
    const row = session.row(sequence)!;
    const outcome = await recomputeFrame(session, row, options.recompute!);
    if (outcome === 'identical') identical += 1;
    else if (outcome !== 'close') faults.push({ sequence, name: row.name, problem: outcome.problem });
    options.onProgress?.(done + 1, sequences.length);
  }
  const found = faults.length - before;
  const close = sequences.length - identical - found;
  const detail = `${sequences.length} recomputed from raw: ${identical} identical, ${close} within ${RECOMPUTE_TOLERANCE * 100} % of the range, ${found} not`;
  return { name: 'enhancement', ok: found === 0, detail };
}

async function recomputeFrame(
  session: RecordedSession,
  row: StoredRow,
  recompute: NonNullable<VerifyOptions['recompute']>,
): Promise<'identical' | 'close' | { readonly problem: string }> {
  try {
    const stored = await session.planeOf(row.sequence, 'enhanced');
    const frame = await recordedFrame(session, row.sequence);
    if (!stored || !frame) return { problem: 'cannot be recomputed: a plane or its normalisation is missing' };
    return compare(stored.plane, (await recompute(frame, row, stored.magnification)).plane);
  } catch (error) {
    return { problem: `cannot be recomputed: ${messageOf(error)}` };
  }
}

function compare(stored: Plane, again: Plane): 'identical' | 'close' | { readonly problem: string } {
  if (stored.data.length !== again.data.length)
    return { problem: `recomputed as ${again.sizeX}x${again.sizeY} pixels` };
  let low = Infinity;
  let high = -Infinity;
  let difference = 0;
  for (let k = 0; k < stored.data.length; k++) {
    const value = stored.data[k]!;
    low = Math.min(low, value);
    high = Math.max(high, value);
    difference = Math.max(difference, Math.abs(value - again.data[k]!));
  }
  if (difference === 0) return 'identical';
  const share = difference / Math.max(high - low, 1);
  if (share <= RECOMPUTE_TOLERANCE) return 'close';
  return { problem: `recomputed from raw it differs by up to ${(100 * share).toFixed(2)} % of its range` };
}

function enhancedSequences(session: RecordedSession): number[] {
  const sequences: number[] = [];
  for (let at = 0; at < session.index.count; at++) {
    const entry = session.index.entry(at);
    if (isFrameEntry(entry) && entry.kind !== 'unended' && entry.hasEnhanced) sequences.push(entry.sequence);
  }
  return sequences;
}

/** At most `count` of `items`, evenly spread, first and last among them. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  if (count <= 1) return items.slice(0, count);
  return Array.from({ length: count }, (_, k) => items[Math.round((k * (items.length - 1)) / (count - 1))]!);
}

function nameOf(line: LedgerLine): string {
  return 'sequence' in line ? `frame ${line.sequence}` : line.event;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
