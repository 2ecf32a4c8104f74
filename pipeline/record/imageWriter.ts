/** One image of a session (`raw` or `enhanced`): puts planes into shards and keeps the metadata in step. */

import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Channel, FrameIndex } from '../frame.ts';
import type { PlaneCodec } from './codec.ts';
import { LostWrites } from './diskTrouble.ts';
import { writeJsonAtomically } from './jsonFile.ts';
import { ARRAY_NAME, imageArray, imageGroup, shardKey, type ImageDescription, type ImageExtent } from './omeZarr.ts';
import { ShardLog } from './shardLog.ts';

/** A shard stays open until planes arrive this many shards later in time: late planes within it cost nothing. */
const OPEN_SHARDS_BACK = 1;
/** Bounds the files held open by a deep stack; the log written longest ago is closed first. */
const MAX_OPEN_LOGS = 512;

export interface PlaneToWrite {
  readonly index: FrameIndex;
  readonly sequence: number;
  readonly arrivedMs: number;
  /** Little-endian, row-major, samples interleaved. */
  readonly pixels: Uint8Array;
}

interface OpenShard {
  readonly shard: number;
  readonly column: string;
  readonly log: ShardLog;
}

export class ImageWriter {
  #description: ImageDescription;
  readonly #folder: string;
  readonly #codec: PlaneCodec;
  readonly #open = new Map<string, OpenShard>();
  /** Which positions of each shard are taken, by shard key; one bit a plane. */
  readonly #taken = new Map<string, Uint8Array>();
  /** Last time point of each column (c, z). */
  readonly #lastT = new Map<string, number>();
  #extent: ImageExtent = { sizeT: 0, sizeC: 0, sizeZ: 0 };
  #shapeStale = false;
  #channelsStale = false;

  constructor(imagesFolder: string, description: ImageDescription, codec: PlaneCodec) {
    this.#description = description;
    this.#folder = join(imagesFolder, description.name);
    this.#codec = codec;
    mkdirSync(join(this.#folder, ARRAY_NAME), { recursive: true });
  }

  get description(): ImageDescription {
    return this.#description;
  }

  /** Takes effect with the next plane that is written. */
  nameChannels(channels: readonly Channel[]): void {
    this.#description = { ...this.#description, channels };
    this.#channelsStale = true;
  }

  /**
   * The place that a plane will take. Its own index, unless another plane is there already: then the time point after the
   * last one of its channel and section, so that neither is lost.
   */
  place(index: FrameIndex): FrameIndex {
    const { planesPerShard } = this.description;
    const taken = this.#taken.get(keyOf(Math.floor(index.t / planesPerShard), index));
    if (!taken || !hasBit(taken, index.t % planesPerShard)) return index;
    return { ...index, t: (this.#lastT.get(columnOf(index)) ?? -1) + 1 };
  }

  /** Encodes and appends a plane; `hurried` leaves out the compression. Returns the bytes written. */
  async write(plane: PlaneToWrite, hurried: boolean): Promise<number> {
    const pixels = this.description.samplesPerPixel === 3 ? planar(plane.pixels) : plane.pixels;
    const stored = hurried ? await this.#codec.encodePlain(pixels) : await this.#codec.encode(pixels);
    const { planesPerShard } = this.description;
    const { index } = plane;
    const shard = Math.floor(index.t / planesPerShard);
    const position = index.t % planesPerShard;
    // Whatever the disk can refuse comes before the plane: once it is in its log, it is there, and is not written again.
    this.#extend(index);
    this.#finishShardsBefore(shard - OPEN_SHARDS_BACK, columnOf(index));
    const written = this.#shardOf(shard, index).log.append(position, plane.sequence, plane.arrivedMs, stored);
    this.#take(keyOf(shard, index), position);
    this.#lastT.set(columnOf(index), Math.max(this.#lastT.get(columnOf(index)) ?? -1, index.t));
    return written;
  }

  flushNow(): void {
    for (const { log } of this.#open.values()) log.flushNow();
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ log }) => log.flush()));
  }

  /** Makes the shape on disk cover every plane that was written. */
  writeShape(): void {
    if (!this.#shapeStale) return;
    writeJsonAtomically(join(this.#folder, ARRAY_NAME, 'zarr.json'), imageArray(this.description, this.#extent));
    this.#shapeStale = false;
  }

  /** Lets go of every open file, so that writing can start afresh after trouble with the disk. */
  abandon(): void {
    for (const { log } of this.#open.values()) log.abandon();
    this.#open.clear();
  }

  close(): void {
    for (const key of [...this.#open.keys()]) this.#finish(key);
    this.writeShape();
  }

  #shardOf(shard: number, index: FrameIndex): OpenShard {
    const key = keyOf(shard, index);
    const open = this.#open.get(key);
    if (open) return open;
    if (this.#open.size >= MAX_OPEN_LOGS) this.#finish(this.#open.keys().next().value!);
    const array = join(this.#folder, ARRAY_NAME);
    statSync(array); // Where a disk was mounted and is no more, nothing may be made on the disk below.
    const path = join(array, key);
    const { log, found } = ShardLog.open(path, this.description.planesPerShard);
    if (found.planes.length < countBits(this.#taken.get(key))) {
      log.abandon();
      throw new LostWrites(path);
    }
    const opened = { shard, column: columnOf(index), log };
    this.#open.set(key, opened);
    return opened;
  }

  #finishShardsBefore(shard: number, column: string): void {
    for (const [key, open] of this.#open) {
      if (open.shard < shard && open.column === column) this.#finish(key);
    }
  }

  #finish(key: string): void {
    const open = this.#open.get(key);
    open?.log.finish();
    this.#open.delete(key);
  }

  #take(key: string, position: number): void {
    let taken = this.#taken.get(key);
    if (!taken) this.#taken.set(key, (taken = new Uint8Array(Math.ceil(this.description.planesPerShard / 8))));
    taken[position >> 3]! |= 1 << (position & 7);
  }

  /** Makes room for a place in the shape, and names its channel. */
  #extend(index: FrameIndex): void {
    const { sizeT, sizeC, sizeZ } = this.#extent;
    const isWider = index.c >= sizeC || index.z >= sizeZ;
    if (!isWider && !this.#channelsStale && index.t < sizeT) return;
    const extent = {
      sizeT: Math.max(sizeT, index.t + 1),
      sizeC: Math.max(sizeC, index.c + 1),
      sizeZ: Math.max(sizeZ, index.z + 1),
    };
    // Time grows with every frame and can wait; recovery finds it from the shards.
    if (isWider || this.#channelsStale) {
      writeJsonAtomically(join(this.#folder, 'zarr.json'), imageGroup(this.description, extent));
      this.#channelsStale = false;
    }
    if (isWider) {
      writeJsonAtomically(join(this.#folder, ARRAY_NAME, 'zarr.json'), imageArray(this.description, extent));
    }
    this.#extent = extent;
    this.#shapeStale = !isWider;
  }
}

function keyOf(shard: number, index: FrameIndex): string {
  return shardKey(shard, index.c, index.z);
}

function columnOf(index: FrameIndex): string {
  return `${index.c}/${index.z}`;
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return (bits[at >> 3]! & (1 << (at & 7))) !== 0;
}

function countBits(bits: Uint8Array = new Uint8Array(0)): number {
  let count = 0;
  for (let byte of bits) for (; byte > 0; byte &= byte - 1) count += 1;
  return count;
}

/** R G B R G B ... to RR.. GG.. BB..; colour planes are uint8. */
function planar(interleaved: Uint8Array): Uint8Array {
  const size = interleaved.length / 3;
  const samples = new Uint8Array(interleaved.length);
  for (let pixel = 0; pixel < size; pixel++) {
    samples[pixel] = interleaved[3 * pixel]!;
    samples[size + pixel] = interleaved[3 * pixel + 1]!;
    samples[2 * size + pixel] = interleaved[3 * pixel + 2]!;
  }
  return samples;
}
