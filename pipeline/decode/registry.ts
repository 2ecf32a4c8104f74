/**
 * The formats that Scopestream reads: the only list of them. A format is one file that exports a `decoder`; it is loaded
 * when a file first needs it. To add one, write the file and its line here.
 */

import type { ArrivedFrame, Payload } from '../frame.ts';
import type { Decoded, Decoder } from '../ports.ts';
import { type ByteSource, memorySource, openFile, refused, torn } from './byteSource.ts';
import { DEFAULT_LIMITS, type DecodeLimits } from './limits.ts';
import { mergeDescriptions } from './mergeDescriptions.ts';

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

/**
 * The plane that arrived, and all that is known of it: what the source says counts for more than what its file says. Throws
 * DecodeError naming the frame.
 */
export async function decodeArrived(
  { payload, name, description }: ArrivedFrame,
  limits: DecodeLimits = DEFAULT_LIMITS,
): Promise<Decoded> {
  const decoded = await decodePayload(payload, name, limits);
  return { plane: decoded.plane, description: mergeDescriptions(decoded.description, description) };
}

/** The plane in a payload, as its own file describes it. A plane that came as pixels passes as it is. */
export async function decodePayload(
  payload: Payload,
  name: string,
  limits: DecodeLimits = DEFAULT_LIMITS,
): Promise<Decoded> {
  switch (payload.kind) {
    case 'plane':
      return { plane: payload.plane, description: {} };
    case 'bytes':
      return withDecoder(memorySource(payload.bytes, name), (decoder, source) =>
        decoder.decode(source, payload.page, limits),
      );
    case 'file':
      return withDecoder(await openFile(payload.path), (decoder, source) =>
        decoder.decode(source, payload.page, limits),
      );
  }
}

/** Planes that are complete in a file now, at least 1. Throws DecodeError, `retryable` when the file may only be unfinished. */
export async function countPages(path: string): Promise<number> {
  return withDecoder(await openFile(path), (decoder, source) => decoder.countPages(source));
}

async function withDecoder<T>(
  source: ByteSource,
  work: (decoder: Decoder, source: ByteSource) => Promise<T>,
): Promise<T> {
  try {
    const head = new Uint8Array(Math.min(HEAD_BYTES, source.sizeBytes));
    await source.readInto(head, 0);
    const decoder = await decoderFor(head);
    if (decoder) return await work(decoder, source);
    // A file that is being written may have no head yet, or only room for one.
    const unfinished = head.length < HEAD_BYTES || head.every((byte) => byte === 0);
    const problem = `is none of the formats that are read (${[...decoders.keys()].join(', ')})`;
    throw unfinished ? torn(source, problem) : refused(source, problem);
  } finally {
    await source.close();
  }
}
