/** The bytes of one stored plane: optionally compressed, always followed by its CRC-32C (Zarr's `crc32c` codec). */

import Blosc from 'numcodecs/blosc';
import Zstd from 'numcodecs/zstd';
import { crc32c } from './crc32c.ts';
import type { CodecName } from './settings.ts';

export interface PlaneCodec {
  /** The inner codecs of a shard as Zarr v3 metadata names them. */
  readonly metadata: readonly object[];
  /** The stored plane in parts, to be written one after the other: a plane is copied no more often than it must. */
  encode(pixels: Uint8Array): Promise<readonly Uint8Array[]>;
  /** As `encode`, but without the cost of compressing: any reader of `metadata` reads it all the same. */
  encodePlain(pixels: Uint8Array): Promise<readonly Uint8Array[]>;
  /** Throws RangeError when the checksum does not fit: a torn or altered plane. */
  decode(stored: Uint8Array): Promise<Uint8Array>;
}

const CHECKSUM_BYTES = 4;
const BYTES = { name: 'bytes', configuration: { endian: 'little' } };
const CRC32C = { name: 'crc32c' };

export function planeCodec(name: CodecName): PlaneCodec {
  return CODECS[name]();
}

const CODECS: Readonly<Record<CodecName, () => PlaneCodec>> = {
  none: () =>
    codecOf(
      [],
      async (pixels) => [pixels],
      async (pixels) => [pixels],
      async (stored) => stored,
    ),
  blosc: () => {
    // numcodecs always shuffles in groups of 4 bytes; the header of each chunk says so, and so does the metadata.
    const settings = { cname: 'lz4', clevel: 5, blocksize: 0 };
    const blosc = Blosc.fromConfig({ id: 'blosc', ...settings, shuffle: 2 });
    return codecOf(
      [{ name: 'blosc', configuration: { ...settings, shuffle: 'bitshuffle', typesize: 4 } }],
      async (pixels) => [await blosc.encode(pixels)],
      bloscStored,
      async (stored) => blosc.decode(stored),
    );
  },
  zstd: () => {
    const zstd = Zstd.fromConfig({ id: 'zstd', level: 1 });
    const encode = async (pixels: Uint8Array) => [await zstd.encode(pixels)];
    return codecOf([{ name: 'zstd', configuration: { level: 1, checksum: false } }], encode, encode, async (stored) =>
      zstd.decode(stored),
    );
  },
};

type Pack = (pixels: Uint8Array) => Promise<readonly Uint8Array[]>;
type Unpack = (stored: Uint8Array) => Promise<Uint8Array>;

function codecOf(compressor: readonly object[], pack: Pack, store: Pack, unpack: Unpack): PlaneCodec {
  return {
    metadata: [BYTES, ...compressor, CRC32C],
    encode: async (pixels) => withChecksum(await pack(pixels)),
    encodePlain: async (pixels) => withChecksum(await store(pixels)),
    decode: async (stored) => unpack(checked(stored)),
  };
}

function withChecksum(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const checksum = new Uint8Array(CHECKSUM_BYTES);
  const crc = parts.reduce((before, part) => crc32c(part, before), 0);
  new DataView(checksum.buffer).setUint32(0, crc, true);
  return [...parts, checksum];
}

/** True when the last four bytes are the CRC-32C of those before. */
export function checksumFits(stored: Uint8Array): boolean {
  if (stored.length < CHECKSUM_BYTES) return false;
  const end = stored.length - CHECKSUM_BYTES;
  const stated = new DataView(stored.buffer, stored.byteOffset, stored.length).getUint32(end, true);
  return crc32c(stored.subarray(0, end)) === stated;
}

function checked(stored: Uint8Array): Uint8Array {
  if (!checksumFits(stored)) throw new RangeError('the checksum of the stored plane does not fit');
  return stored.subarray(0, stored.length - CHECKSUM_BYTES);
}

/**
 * A Blosc 1 buffer that holds its bytes as they are: a 16-byte header with the "memcpyed" flag.
 * Layout: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
 */
async function bloscStored(pixels: Uint8Array): Promise<readonly Uint8Array[]> {
  const memcpyed = 0x2;
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint8(0, 2); // version of the format
  view.setUint8(1, 1); // version of lz4's format
  view.setUint8(2, memcpyed);
  view.setUint8(3, 4); // typesize
  view.setUint32(4, pixels.length, true);
  view.setUint32(8, pixels.length, true); // one block
  view.setUint32(12, header.length + pixels.length, true);
  return [header, pixels];
}
