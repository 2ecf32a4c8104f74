/**
 * One shard of a Zarr v3 array (`sharding_indexed`, index at the end), written so that a crash at any moment costs at most
 * the plane that was being written.
 *
 * While it fills, a shard is an append-only log beside its final name. Each record is a header and the stored plane, which
 * ends with its own CRC-32C. Closing appends the shard index, which points at the planes between the headers (Zarr allows
 * bytes that the index does not name), and renames. So nothing is ever written twice, and a closed shard can be opened
 * again for a late plane: its index is cut off like any torn tail.
 *
 * Header, little-endian, 40 bytes: magic "SSPL", position in the shard (u32), sequence (f64), arrivedMs (f64),
 * bytes of the stored plane (u32), two reserved u32, CRC-32C of the 36 bytes before (u32).
 */

import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writevSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { checksumFits } from './codec.ts';
import { crc32c } from './crc32c.ts';
import { FlushedFile } from './flushedFile.ts';

/** Where a plane lies in a shard file. */
export interface StoredPlane {
  /** Time point within the shard, from 0. */
  readonly position: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly sequence: number;
  readonly arrivedMs: number;
}

export interface LogContents {
  readonly planes: readonly StoredPlane[];
  /** Length of the part that is whole. */
  readonly goodBytes: number;
  /** Bytes after it: the torn tail. */
  readonly tornBytes: number;
  /** Planes inside the good part whose checksum does not fit. */
  readonly damaged: readonly StoredPlane[];
}

export const LOG_SUFFIX = '.log';
const MAGIC = 0x4c505353;
const HEADER_BYTES = 40;
const INDEX_ENTRY_BYTES = 16;
const INDEX_CHECKSUM_BYTES = 4;
const MISSING = 0xffffffffffffffffn;

/** Reads the records of a log (or of a closed shard: the index ends the scan). `verify` reads and checks each plane. */
export function scanLog(fd: number, { verify }: { verify: boolean }): LogContents {
  const size = fstatSync(fd).size;
  const planes: StoredPlane[] = [];
  const damaged: StoredPlane[] = [];
  const header = Buffer.alloc(HEADER_BYTES);
  let at = 0;
  for (;;) {
    if (readSync(fd, header, 0, HEADER_BYTES, at) < HEADER_BYTES) break;
    const plane = parseHeader(header, at + HEADER_BYTES);
    if (!plane || plane.offset + plane.sizeBytes > size) break;
    if (verify && !checksumFits(readPlaneBytes(fd, plane))) damaged.push(plane);
    else planes.push(plane);
    at = plane.offset + plane.sizeBytes;
  }
  return { planes, goodBytes: at, tornBytes: size - at, damaged };
}

export function readPlaneBytes(fd: number, plane: { readonly offset: number; readonly sizeBytes: number }): Uint8Array {
  const bytes = new Uint8Array(plane.sizeBytes);
  const read = readSync(fd, bytes, 0, bytes.length, plane.offset);
  return read === bytes.length ? bytes : bytes.subarray(0, read);
}

/** The index of a closed shard: one entry a position, undefined where no plane is. Undefined when the file has no index. */
export function readShardIndex(
  fd: number,
  positions: number,
): readonly ({ readonly offset: number; readonly sizeBytes: number } | undefined)[] | undefined {
  const indexBytes = Buffer.alloc(positions * INDEX_ENTRY_BYTES + INDEX_CHECKSUM_BYTES);
  const start = fstatSync(fd).size - indexBytes.length;
  if (start < 0 || readSync(fd, indexBytes, 0, indexBytes.length, start) < indexBytes.length) return undefined;
  if (!checksumFits(indexBytes)) return undefined;
  return Array.from({ length: positions }, (_, position) => {
    const offset = indexBytes.readBigUInt64LE(position * INDEX_ENTRY_BYTES);
    const sizeBytes = indexBytes.readBigUInt64LE(position * INDEX_ENTRY_BYTES + 8);
    return offset === MISSING ? undefined : { offset: Number(offset), sizeBytes: Number(sizeBytes) };
  });
}

/** The log of one shard, open for appending. All calls are synchronous: they belong in the recording thread. */
export class ShardLog {
  readonly finalPath: string;
  readonly #file: FlushedFile;
  readonly #positions: number;
  readonly #planes = new Map<number, StoredPlane>();
  #length: number;

  private constructor(finalPath: string, fd: number, positions: number, contents: LogContents) {
    this.finalPath = finalPath;
    this.#file = new FlushedFile(fd);
    this.#positions = positions;
    this.#length = contents.goodBytes;
    for (const plane of contents.planes) this.#planes.set(plane.position, plane);
  }

  /** Opens the log of a shard: a new one, one left by a crash (cut after its last whole record), or a closed shard again. */
  static open(finalPath: string, positions: number): { log: ShardLog; found: LogContents } {
    const path = finalPath + LOG_SUFFIX;
    mkdirSync(dirname(path), { recursive: true });
    try {
      renameSync(finalPath, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const fd = openSync(path, 'a+');
    const found = scanLog(fd, { verify: true });
    if (found.tornBytes > 0) ftruncateSync(fd, found.goodBytes);
    return { log: new ShardLog(finalPath, fd, positions, found), found };
  }

  get positions(): Iterable<number> {
    return this.#planes.keys();
  }

  /** Appends one stored plane, given in parts. When it throws, everything before is as it was. Returns the bytes written. */
  append(position: number, sequence: number, arrivedMs: number, stored: readonly Uint8Array[]): number {
    const sizeBytes = stored.reduce((sum, part) => sum + part.length, 0);
    const header = makeHeader(position, sequence, arrivedMs, sizeBytes);
    try {
      writeFully(this.#file.fd, [header, ...stored]);
    } catch (error) {
      this.#cutBack();
      throw error;
    }
    const offset = this.#length + HEADER_BYTES;
    this.#planes.set(position, { position, offset, sizeBytes, sequence, arrivedMs });
    this.#length = offset + sizeBytes;
    this.#file.wrote();
    return HEADER_BYTES + sizeBytes;
  }

  /** Forces what was appended to the disk before it returns. */
  flushNow(): void {
    this.#file.flushNow();
  }

  /** The same while appending goes on. */
  flush(): Promise<void> {
    return this.#file.flush();
  }

  /** Appends the shard index, flushes and renames: from here any Zarr reader sees the shard. */
  finish(): void {
    const index = new Uint8Array(this.#positions * INDEX_ENTRY_BYTES + INDEX_CHECKSUM_BYTES);
    const view = new DataView(index.buffer);
    for (let position = 0; position < this.#positions; position++) {
      const plane = this.#planes.get(position);
      view.setBigUint64(position * INDEX_ENTRY_BYTES, plane ? BigInt(plane.offset) : MISSING, true);
      view.setBigUint64(position * INDEX_ENTRY_BYTES + 8, plane ? BigInt(plane.sizeBytes) : MISSING, true);
    }
    const end = index.length - INDEX_CHECKSUM_BYTES;
    view.setUint32(end, crc32c(index.subarray(0, end)), true);
    try {
      writeFully(this.#file.fd, [index]);
      fsyncSync(this.#file.fd);
      renameSync(this.finalPath + LOG_SUFFIX, this.finalPath);
    } catch (error) {
      this.#cutBack();
      throw error;
    }
    this.#file.close();
    syncFolder(dirname(this.finalPath));
  }

  /** Closes the file and leaves the log as it is. */
  abandon(): void {
    try {
      this.#file.close();
    } catch {
      // A disk that is gone cannot even close; the descriptor is free all the same.
    }
  }

  #cutBack(): void {
    try {
      ftruncateSync(this.#file.fd, this.#length);
    } catch {
      // The disk is gone or read-only: the torn tail stays, and whoever opens the log next cuts it.
    }
  }
}

/** Makes a rename or a new file in `folder` last through a loss of power. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Appends all of `parts`, however few bytes the system takes at a time. */
export function writeFully(fd: number, parts: readonly Uint8Array[]): void {
  let left: readonly Uint8Array[] = parts;
  while (left.length > 0) {
    let written = writevSync(fd, left);
    left = left.flatMap((part) => {
      const taken = Math.min(written, part.length);
      written -= taken;
      return taken === part.length ? [] : [part.subarray(taken)];
    });
  }
}

function makeHeader(position: number, sequence: number, arrivedMs: number, sizeBytes: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(position, 4);
  header.writeDoubleLE(sequence, 8);
  header.writeDoubleLE(arrivedMs, 16);
  header.writeUInt32LE(sizeBytes, 24);
  header.writeUInt32LE(crc32c(header.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return header;
}

function parseHeader(header: Buffer, offset: number): StoredPlane | undefined {
  if (header.readUInt32LE(0) !== MAGIC) return undefined;
  if (header.readUInt32LE(HEADER_BYTES - 4) !== crc32c(header.subarray(0, HEADER_BYTES - 4))) return undefined;
  return {
    position: header.readUInt32LE(4),
    sequence: header.readDoubleLE(8),
    arrivedMs: header.readDoubleLE(16),
    sizeBytes: header.readUInt32LE(24),
    offset,
  };
}
