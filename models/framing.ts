import type { Duplex } from 'node:stream';

/**
 * Messages over a byte stream: a JSON header and raw bytes.
 *
 *     u32le length of the header, u32le length of the bytes, header, bytes
 */

const PREFIX_BYTES = 8;

export interface Message<Header> {
  readonly header: Header;
  /** Its own ArrayBuffer, from offset 0. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Resolves when the stream has taken everything. The parts are not copied: they must not change before that. */
export function writeMessage(stream: Duplex, header: unknown, parts: readonly ArrayBufferView[] = []): Promise<void> {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(json.length, 0);
  prefix.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
    4,
  );
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    stream.cork(); // One system call and one wake-up of the reader for all parts.
    stream.write(Buffer.concat([prefix, json]), parts.length === 0 ? done : undefined);
    parts.forEach((part, i) => {
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
      stream.write(bytes, i === parts.length - 1 ? done : undefined);
    });
    stream.uncork();
  });
}

/** Puts messages together again from whatever pieces they come in. `allocate` gives the memory for a message's bytes. */
export function createMessageReader<Header>(
  onMessage: (message: Message<Header>) => void,
  allocate: (sizeBytes: number) => ArrayBuffer = (sizeBytes) => new ArrayBuffer(sizeBytes),
): (chunk: Uint8Array) => void {
  const prefix = new Uint8Array(PREFIX_BYTES);
  const lengths = new DataView(prefix.buffer);
  let head = new Uint8Array(0);
  let bytes = new Uint8Array(0);
  let part: 'prefix' | 'head' | 'bytes' = 'prefix';
  let filled = 0;

  const finishPart = (): void => {
    filled = 0;
    if (part === 'prefix') {
      head = new Uint8Array(lengths.getUint32(0, true));
      part = 'head';
    } else if (part === 'head') {
      const size = lengths.getUint32(4, true);
      bytes = new Uint8Array(allocate(size), 0, size);
      part = 'bytes';
    } else {
      part = 'prefix';
      onMessage({ header: JSON.parse(new TextDecoder().decode(head)) as Header, bytes });
    }
  };

  return (chunk) => {
    let from = 0;
    const current = () => ({ prefix, head, bytes })[part];
    do {
      const taken = Math.min(current().length - filled, chunk.length - from);
      current().set(chunk.subarray(from, from + taken), filled);
      from += taken;
      filled += taken;
      while (filled === current().length) {
        finishPart();
        if (part === 'prefix') break;
      }
    } while (from < chunk.length);
  };
}
