/**
 * Puts a session in order whose recorder was stopped without closing: cuts half-written tails, gives every log its index,
 * makes the shape cover all planes, and writes into the ledger what was found. Nothing whole is ever removed.
 */

import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SessionError } from '../errors.ts';
import type { FrameIndex } from '../frame.ts';
import { AccountCounter } from './account.ts';
import { writeCertificate } from './certificate.ts';
import { FrameIndexFile, INDEX_FILE } from './frameIndex.ts';
import { writeJsonAtomically } from './jsonFile.ts';
import { chainStart, LEDGER_FILE, LedgerFile, readLedger } from './ledgerFile.ts';
import { lockState, unlockSession } from './lock.ts';
import { ARRAY_NAME, IMAGES_FOLDER, RAW_IMAGE, seriesGroup } from './omeZarr.ts';
import { bytesOf, pixelHash } from './pixels.ts';
import { writePlaneTimes } from './planeTimes.ts';
import {
  isEvent,
  type LedgerLine,
  type RecoveredLine,
  type StoredEnhanced,
  type StoredRaw,
  type UnendedLine,
} from './rows.ts';
import { SESSION_FILE, type SessionConstants } from './sessionFile.ts';
import { LOG_SUFFIX, scanLog, ShardLog } from './shardLog.ts';
import { StoredImage } from './storedImage.ts';

/** Undefined when there was nothing to do: the session was closed, or its recorder is at work. */
export async function recoverSession(folder: string): Promise<RecoveredLine | undefined> {
  if (lockState(folder) !== 'left') return undefined;
  if (!existsSync(join(folder, LEDGER_FILE)))
    throw new SessionError(`${folder}: stopped before it had begun; it is empty`);
  const images = imageNames(folder).map((name) => new StoredImage(join(folder, IMAGES_FOLDER), name));
  const logs = images.map((image) => finishLogs(folder, image));
  writeJsonAtomically(join(folder, IMAGES_FOLDER, 'OME', 'zarr.json'), seriesGroup(images.map(({ name }) => name)));

  const ledger = await reopenLedger(folder);
  const unended = await planesWithoutRow(images, ledger.sequences);
  for (const line of unended) ledger.append(line);
  const found: RecoveredLine = {
    event: 'recovered',
    atMs: Date.now(),
    ...(ledger.lastRowMs !== undefined && { lastRowMs: ledger.lastRowMs }),
    unended: unended.length,
    tornBytes: logs.reduce((sum, { tornBytes }) => sum + tornBytes, ledger.tornBytes),
    damagedPlanes: logs.reduce((sum, { damagedPlanes }) => sum + damagedPlanes, 0),
  };
  ledger.append(found);
  ledger.close();
  writePlaneTimes(folder, startedAt(folder));
  writeCertificate(folder, { account: ledger.account.account, ledger: ledger.end() });
  for (const image of images) image.close();
  unlockSession(folder);
  return found;
}

function startedAt(folder: string): string {
  const { acquisition } = JSON.parse(readFileSync(join(folder, SESSION_FILE), 'utf8')) as SessionConstants;
  return acquisition.startedAt;
}

/** Images whose metadata is on disk, raw first. (One without it never had an acknowledged plane.) */
export function imageNames(folder: string): string[] {
  const images = join(folder, IMAGES_FOLDER);
  const isImage = (name: string) => existsSync(join(images, name, ARRAY_NAME, 'zarr.json'));
  return readdirSync(images)
    .filter((name) => name !== 'OME' && isImage(name))
    .sort((a, b) => Number(b === RAW_IMAGE) - Number(a === RAW_IMAGE) || a.localeCompare(b, 'en', { numeric: true }));
}

function finishLogs(folder: string, image: StoredImage): { tornBytes: number; damagedPlanes: number } {
  let tornBytes = 0;
  let damagedPlanes = 0;
  for (const { path, isLog } of image.shardFiles()) {
    if (!isLog) continue;
    const { log, found } = ShardLog.open(path, image.planesPerShard);
    log.finish();
    tornBytes += found.tornBytes;
    damagedPlanes += found.damaged.length;
  }
  coverPlanes(join(folder, IMAGES_FOLDER, image.name, ARRAY_NAME, 'zarr.json'), image);
  return { tornBytes, damagedPlanes };
}

/** Makes the shape as long as the last time point that was stored. */
function coverPlanes(arrayFile: string, image: StoredImage): void {
  const array = JSON.parse(readFileSync(arrayFile, 'utf8')) as { shape: number[] };
  let sizeT = array.shape[0]!;
  for (const { index } of planesOf(image)) sizeT = Math.max(sizeT, index.t + 1);
  writeJsonAtomically(arrayFile, { ...array, shape: [sizeT, ...array.shape.slice(1)] });
}

interface FoundPlane {
  readonly index: FrameIndex;
  readonly sequence: number;
  readonly arrivedMs: number;
}

/** Every plane of an image, from the headers in its shards. */
function* planesOf(image: StoredImage): Generator<FoundPlane> {
  for (const { path, isLog, shard, c, z } of image.shardFiles()) {
    const fd = openSync(isLog ? path + LOG_SUFFIX : path, 'r');
    const { planes } = scanLog(fd, { verify: false });
    closeSync(fd);
    for (const { position, sequence, arrivedMs } of planes) {
      yield { index: { t: shard * image.planesPerShard + position, c, z }, sequence, arrivedMs };
    }
  }
}

/** The ledger, open behind its last whole line, with its index made anew. */
async function reopenLedger(folder: string): Promise<ReopenedLedger> {
  const path = join(folder, LEDGER_FILE);
  const sizeBytes = statSync(path).size;
  const start = chainStart(join(folder, SESSION_FILE));
  const index = new FrameIndexFile(join(folder, INDEX_FILE), 0);
  const sequences = new Set<number>();
  const account = new AccountCounter();
  let lines = 0;
  let end = { sizeBytes: 0, head: start };
  let lastRowMs: number | undefined;
  for await (const { offset, sizeBytes: lineBytes, content, chain } of readLedger(path, start)) {
    if (offset + lineBytes + 1 > sizeBytes) break; // without its line feed: torn
    const line = content as unknown as LedgerLine;
    if (!isEvent(line)) lastRowMs = line.endedMs;
    if ('sequence' in line) sequences.add(line.sequence);
    index.append(line, { offset, sizeBytes: lineBytes });
    account.add(line);
    lines += 1;
    end = { sizeBytes: offset + lineBytes + 1, head: chain };
  }
  const ledger = new LedgerFile(path, end);
  return {
    sequences,
    lastRowMs,
    tornBytes: sizeBytes - end.sizeBytes,
    append: (line) => {
      index.append(line, ledger.append(line));
      account.add(line);
      lines += 1;
    },
    account,
    end: () => ({ lines, head: ledger.head }),
    close: () => {
      ledger.close();
      index.close();
    },
  };
}

interface ReopenedLedger {
  readonly sequences: ReadonlySet<number>;
  readonly lastRowMs: number | undefined;
  readonly tornBytes: number;
  readonly append: (line: LedgerLine) => void;
  readonly account: AccountCounter;
  readonly end: () => { readonly lines: number; readonly head: string };
  readonly close: () => void;
}

/** Raw planes that are on disk while their frame has no row: it had not ended when the recorder was stopped. */
async function planesWithoutRow(
  images: readonly StoredImage[],
  sequences: ReadonlySet<number>,
): Promise<UnendedLine[]> {
  const [raw, ...enhanced] = images;
  if (!raw) return [];
  const enhancedOf = new Map<number, StoredEnhanced>();
  for (const image of enhanced) {
    for (const { index, sequence } of planesOf(image)) {
      if (!sequences.has(sequence)) enhancedOf.set(sequence, { image: image.name, ...(await stored(image, index)) });
    }
  }
  const lines: UnendedLine[] = [];
  for (const { index, sequence, arrivedMs } of planesOf(raw)) {
    if (sequences.has(sequence)) continue;
    const found = enhancedOf.get(sequence);
    lines.push({
      event: 'unended',
      sequence,
      because: 'the recorder was stopped before this frame had ended',
      arrivedMs,
      raw: await stored(raw, index),
      ...(found && { enhanced: found }),
    });
  }
  return lines.sort((a, b) => a.sequence - b.sequence);
}

async function stored(image: StoredImage, index: FrameIndex): Promise<StoredRaw> {
  const plane = await image.readPlane(index);
  return { index, sha256: plane ? pixelHash(bytesOf(plane)) : '' };
}
