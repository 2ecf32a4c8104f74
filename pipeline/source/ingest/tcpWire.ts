import { SourceError } from '../../errors.ts';
import type { ByteReader } from './byteReader.ts';
import { parseFrameHeader, pixelBytesOf, type FrameHeader } from './frameHeader.ts';
import type { IngestLimits } from './limits.ts';

/**
 * A frame on the wire is a prefix, a header and pixels. The prefix, little-endian:
 *
 *     0  4 bytes  magic "SCOP"
 *     4  u16      version of the protocol, 1
 *     6  u16      length of the header, byte: JSON in UTF-8
 *     8  u32      length of the pixels, byte
 */
export const MAGIC = 'SCOP';
export const VERSION = 1;
export const PREFIX_BYTES = 12;
export const MAX_HEADER_BYTES = 16_384;

/**
 * Reads the prefix and the header of a frame. Everything that the header says is checked before any pixel is read or any
 * memory for pixels is taken. Throws SourceError with one line for the peer.
 */
export async function readHeader(reader: ByteReader, limits: IngestLimits, deadlineMs: number): Promise<FrameHeader> {
  const prefix = await reader.read(PREFIX_BYTES, deadlineMs);
  if (prefix.toString('latin1', 0, 4) !== MAGIC) throw new SourceError(`a frame begins with ${MAGIC}`);
  const version = prefix.readUInt16LE(4);
  if (version !== VERSION)
    throw new SourceError(`version ${version} of the protocol is not spoken here, only ${VERSION}`);
  const headerBytes = prefix.readUInt16LE(6);
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new SourceError(`a header of ${headerBytes} bytes, more than ${MAX_HEADER_BYTES} are taken`);
  }

  const header = parseFrameHeader(parseJson(await reader.read(headerBytes, deadlineMs)));
  const pixelBytes = pixelBytesOf(header, limits.maxFrameBytes);
  const statedBytes = prefix.readUInt32LE(8);
  if (statedBytes !== pixelBytes) {
    throw new SourceError(`${statedBytes} bytes of pixels are announced, but the header describes ${pixelBytes}`);
  }
  return header;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SourceError('the header is not JSON in UTF-8', { cause: error });
  }
}
