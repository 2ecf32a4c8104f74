/**
 * The formats that Scopestream reads: the only list of them. A format is one file that exports a `decoder`; it is loaded
 * when a file first needs it. To add one, write the file and its line here.
 */

import { DecodeError } from '../errors.ts';
import type { Payload } from '../frame.ts';
import type { Decoded, Decoder } from '../ports.ts';
import { openFile } from './byteSource.ts';
import { DEFAULT_LIMITS, type DecodeLimits } from './limits.ts';

export const decoders: ReadonlyMap<string, () => Promise<Decoder>> = new Map([
  ['tiff', async () => (await import('./tiff.ts')).decoder],
  ['png', async () => (await import('./png.ts')).decoder],
  ['jpeg', async () => (await import('./jpeg.ts')).decoder],
]);

/** File name endings, in lower case, that a folder may be searched for. The content decides, not the ending. */
export const FILE_ENDINGS = ['.tif', '.tiff', '.stk', '.btf', '.tf8', '.png', '.jpg', '.jpeg'] as const;

const HEAD_BYTES = 16;

/** The decoder for content that begins with these bytes (16, fewer if there are no more); undefined when there is none. */
export async function decoderFor(head: Uint8Array): Promise<Decoder | undefined> {
  for (const load of decoders.values()) {
    const decoder = await load();
    if (decoder.recognises(head)) return decoder;
  }
  return undefined;
}

/** The plane that arrived. Throws DecodeError naming the frame; a plane that came as pixels passes as it is. */
export async function decodePayload(
  payload: Payload,
  name: string,
  limits: DecodeLimits = DEFAULT_LIMITS,
): Promise<Decoded> {
  switch (payload.kind) {
    case 'plane':
      return { plane: payload.plane, description: {} };
    case 'bytes': {
      const decoder = await decoderFor(payload.bytes.subarray(0, HEAD_BYTES));
      if (!decoder) throw new DecodeError(name, NOT_READ);
      return decoder.decode({ bytes: payload.bytes, name }, payload.page, limits);
    }
    case 'file': {
      const decoder = await decoderForFile(payload.path);
      return decoder.decode({ path: payload.path }, payload.page, limits);
    }
  }
}

/** Planes that are complete in a file now, at least 1. Throws DecodeError, `retryable` when the file may only be unfinished. */
export async function countPages(path: string): Promise<number> {
  return (await decoderForFile(path)).countPages(path);
}

const NOT_READ = `is none of the formats that are read (${[...decoders.keys()].join(', ')})`;

async function decoderForFile(path: string): Promise<Decoder> {
  const source = await openFile(path);
  try {
    const head = new Uint8Array(Math.min(HEAD_BYTES, source.sizeBytes));
    await source.readInto(head, 0);
    const decoder = await decoderFor(head);
    if (decoder) return decoder;
    // A file that is being written may have no head yet, or room for one.
    const unfinished = head.length < HEAD_BYTES || head.every((byte) => byte === 0);
    throw new DecodeError(path, NOT_READ, { retryable: unfinished });
  } finally {
    await source.close();
  }
}
