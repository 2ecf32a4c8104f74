/** Reads one image of a session, closed or still being recorded. */

import { closeSync, existsSync, openSync, read, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SessionError } from '../errors.ts';
import type { FrameIndex, PixelType, Plane } from '../frame.ts';
import { planeCodec, type PlaneCodec } from './codec.ts';
import { ARRAY_NAME, OWN_ATTRIBUTES, shardKey } from './omeZarr.ts';
import { viewPixels } from './pixels.ts';
import type { CodecName } from './settings.ts';
import { LOG_SUFFIX, readShardIndex, scanLog, type StoredPlane } from './shardLog.ts';

const readAt = promisify(read);
/** Shards whose files and indices are kept at hand. */
const MAX_OPEN_SHARDS = 64;

type Placed = { readonly offset: number; readonly sizeBytes: number };

interface OpenShard {
  readonly fd: number;
  /** Undefined for a log that is still growing: it is scanned again when a plane is not known. */
  readonly closed: readonly (Placed | undefined)[] | undefined;
  logged: ReadonlyMap<number, Placed>;
}

/** A shard file as it lies on disk. */
export interface ShardFile {
  /** Of the closed shard; a log has `LOG_SUFFIX` behind it. */
  readonly path: string;
  readonly isLog: boolean;
  readonly shard: number;
  readonly c: number;
  readonly z: number;
}

interface ArrayMetadata {
  readonly shape: readonly number[];
  readonly data_type: PixelType;
  readonly chunk_grid: { readonly configuration: { readonly chunk_shape: readonly number[] } };
  readonly codecs: readonly [{ readonly configuration: { readonly codecs: readonly { readonly name: string }[] } }];
}

interface GroupMetadata {
  readonly attributes: {
    readonly [OWN_ATTRIBUTES]?: { readonly intensityScale?: number; readonly magnification?: number };
  };
}

export class StoredImage {
  readonly name: string;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  readonly planesPerShard: number;
  /** Raw intensity = stored value * intensityScale; 1 for raw. */
  readonly intensityScale: number;
  /** Pixels per raw pixel along x and y. */
  readonly magnification: number;
  readonly #folder: string;
  readonly #codec: PlaneCodec;
  readonly #shards = new Map<string, OpenShard>();

  /** Throws SessionError when the image's metadata cannot be read. */
  constructor(imagesFolder: string, name: string) {
    this.name = name;
    this.#folder = join(imagesFolder, name, ARRAY_NAME);
    const array = readMetadata<ArrayMetadata>(join(this.#folder, 'zarr.json'));
    const group = readMetadata<GroupMetadata>(join(imagesFolder, name, 'zarr.json'));
    const [planesPerShard, samples] = array.chunk_grid.configuration.chunk_shape;
    this.planesPerShard = planesPerShard!;
    this.samplesPerPixel = samples === 3 ? 3 : 1;
    this.sizeY = array.shape[3]!;
    this.sizeX = array.shape[4]!;
    this.pixelType = array.data_type;
    this.#codec = planeCodec(codecNameOf(array));
    const own = group.attributes[OWN_ATTRIBUTES];
    this.intensityScale = own?.intensityScale ?? 1;
    this.magnification = own?.magnification ?? 1;
  }

  /** Every shard file, closed or not, by time. */
  shardFiles(): ShardFile[] {
    const root = join(this.#folder, 'c');
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .flatMap((key): ShardFile[] => {
        const match = /^(\d+)\/(\d+)\/(\d+)\/0\/0(\.log)?$/.exec(key.replaceAll('\\', '/'));
        if (!match) return [];
        const [shard, c, z] = match.slice(1, 4).map(Number) as [number, number, number];
        return [{ path: join(this.#folder, shardKey(shard, c, z)), isLog: match[4] !== undefined, shard, c, z }];
      })
      .sort((a, b) => a.shard - b.shard);
  }

  /** Undefined where no plane was stored. Throws SessionError when the plane is damaged. */
  async readPlane(index: FrameIndex): Promise<Plane | undefined> {
    const place = this.#place(index);
    if (!place) return undefined;
    const stored = new Uint8Array(place.sizeBytes);
    await readAt(place.fd, stored, 0, stored.length, place.offset);
    const pixels = await this.#codec.decode(stored).catch((cause: unknown) => {
      const where = `t ${index.t}, c ${index.c}, z ${index.z}`;
      throw new SessionError(`${this.#folder}: the plane at ${where} is damaged`, { cause });
    });
    const { sizeX, sizeY, samplesPerPixel, pixelType } = this;
    const data = viewPixels(samplesPerPixel === 3 ? interleaved(pixels) : pixels, pixelType);
    return { sizeX, sizeY, samplesPerPixel, pixelType, data };
  }

  close(): void {
    for (const { fd } of this.#shards.values()) closeSync(fd);
    this.#shards.clear();
  }

  #place(index: FrameIndex): (Placed & { readonly fd: number }) | undefined {
    const key = shardKey(Math.floor(index.t / this.planesPerShard), index.c, index.z);
    const position = index.t % this.planesPerShard;
    let shard = this.#shards.get(key) ?? this.#open(key);
    if (shard?.closed && !shard.closed[position] && existsSync(join(this.#folder, key) + LOG_SUFFIX)) {
      this.#forget(key); // A closed shard that was opened again for a late plane.
      shard = this.#open(key);
    }
    if (!shard) return undefined;
    if (!shard.closed && !shard.logged.has(position)) {
      shard.logged = byPosition(scanLog(shard.fd, { verify: false }).planes);
    }
    const place = shard.closed ? shard.closed[position] : shard.logged.get(position);
    return place && { ...place, fd: shard.fd };
  }

  #open(key: string): OpenShard | undefined {
    const path = join(this.#folder, key);
    const fd = openIfThere(path) ?? openIfThere(path + LOG_SUFFIX) ?? openIfThere(path);
    if (fd === undefined) return undefined;
    const shard = { fd, closed: readShardIndex(fd, this.planesPerShard), logged: new Map<number, Placed>() };
    this.#shards.set(key, shard);
    if (this.#shards.size > MAX_OPEN_SHARDS) this.#forget(this.#shards.keys().next().value!);
    return shard;
  }

  #forget(key: string): void {
    closeSync(this.#shards.get(key)!.fd);
    this.#shards.delete(key);
  }
}

function readMetadata<T>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (cause) {
    throw new SessionError(`${path}: cannot be read`, { cause });
  }
}

function codecNameOf(array: ArrayMetadata): CodecName {
  const names = array.codecs[0].configuration.codecs.map(({ name }) => name);
  return names.includes('blosc') ? 'blosc' : names.includes('zstd') ? 'zstd' : 'none';
}

function byPosition(planes: readonly StoredPlane[]): Map<number, Placed> {
  return new Map(planes.map((plane) => [plane.position, plane]));
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/** RR.. GG.. BB.. to R G B R G B ... */
function interleaved(planar: Uint8Array): Uint8Array {
  const size = planar.length / 3;
  const samples = new Uint8Array(planar.length);
  for (let k = 0; k < samples.length; k++) samples[k] = planar[(k % 3) * size + Math.floor(k / 3)]!;
  return samples;
}
