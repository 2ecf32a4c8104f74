import type { PlaneDescription } from '../../frame.ts';
import type { ByteSource } from '../byteSource.ts';
import { type Ifd, readNumbers, readValueBytes, TAG } from './ifd.ts';
import { describeMicroManagerSummary, parseJsonObject } from './microManager.ts';
import { positive, toMicrometres, toSeconds } from './units.ts';

const MAX_INFO_BYTES = 4 * 1024 * 1024;

/**
 * ImageJ writes `ImageJ=1.52i`, `frames=50`, `unit=um` ..., a line each, into the description of the first page. Pages run
 * through channels first, then slices, then frames. Without any of these counts, pages are taken as time points. Along an
 * axis with one place no index is stated: in a folder of single pictures it is the file name that knows.
 */
export function describeImageJ(
  description: string,
  pixelsPerUnit: { readonly x?: number; readonly y?: number },
): (page: number) => PlaneDescription {
  const stated = new Map(
    description.split(/\r?\n/).map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  const count = (key: string): number => Math.max(1, Math.floor(positive(stated.get(key)) ?? 1));
  const channels = count('channels');
  const slices = count('slices');
  const hasTime = count('images') > channels * slices;
  const unit = stated.get('unit') ?? '';
  const yUnit = stated.get('yunit') ?? unit;
  const shared: PlaneDescription = {
    physicalSizeX: toMicrometres(pixelsPerUnit.x && 1 / pixelsPerUnit.x, unit),
    physicalSizeY: toMicrometres(pixelsPerUnit.y && 1 / pixelsPerUnit.y, yUnit),
    physicalSizeZ: toMicrometres(positive(stated.get('spacing')), stated.get('zunit') ?? unit),
    timeIncrement: toSeconds(positive(stated.get('finterval')), stated.get('tunit') ?? 'sec'),
  };
  return (page) => {
    const index = {
      t: hasTime ? Math.floor(page / (channels * slices)) : undefined,
      c: channels > 1 ? page % channels : undefined,
      z: slices > 1 ? Math.floor(page / channels) % slices : undefined,
    };
    return { ...shared, index };
  };
}

/**
 * The text that ImageJ shows as "Info": in tag 50839, behind a table of block types, in UTF-16. Micro-Manager puts its
 * summary there.
 */
export async function describeImageJInfo(source: ByteSource, ifd: Ifd): Promise<PlaneDescription> {
  const info = await readInfo(source, ifd);
  const summary = info?.trimStart().startsWith('{') ? parseJsonObject(info) : undefined;
  return summary ? describeMicroManagerSummary(summary) : {};
}

async function readInfo(source: ByteSource, ifd: Ifd): Promise<string | undefined> {
  const { littleEndian } = ifd.header;
  const blockBytes = await readNumbers(source, ifd, TAG.imageJByteCounts, 1024);
  const view = await readValueBytes(source, ifd, TAG.imageJMetadata, MAX_INFO_BYTES);
  if (!view || blockBytes.length === 0) return undefined;

  // Block 0 is the table: `IJIJ`, then (type, how many blocks) pairs. The texts follow in its order.
  const tableBytes = Math.min(blockBytes[0], view.byteLength);
  let block = 1;
  let at = tableBytes;
  for (let entry = 4; entry + 8 <= tableBytes; entry += 8) {
    const isInfo = fourLetters(view, entry, littleEndian) === 'info';
    for (let left = view.getUint32(entry + 4, littleEndian); left > 0 && block < blockBytes.length; left--, block++) {
      const end = at + blockBytes[block];
      if (end > view.byteLength) return undefined;
      if (isInfo) {
        const bytes = new Uint8Array(view.buffer, view.byteOffset + at, blockBytes[block]);
        return new TextDecoder(littleEndian ? 'utf-16le' : 'utf-16be').decode(bytes);
      }
      at = end;
    }
  }
  return undefined;
}

/** Types are written as one 32-bit number: in a little-endian file their letters stand backwards. */
function fourLetters(view: DataView, at: number, littleEndian: boolean): string {
  const code = view.getUint32(at, littleEndian);
  return String.fromCharCode(code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff);
}
