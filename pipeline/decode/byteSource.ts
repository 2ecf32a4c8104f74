import { open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DecodeError, messageOf } from '../errors.ts';

/** Bytes to read at any place: an open file, or memory. A stack of many GB is never read whole. */
export interface ByteSource {
  /** What an error message names. */
  readonly name: string;
  /** Size when the source was opened; a file may have grown since. */
  readonly sizeBytes: number;
  /** True for a file: someone may still be writing it. */
  readonly mayGrow: boolean;
  /** For a file: what stays while it grows (which file it is), and what changes when it is written to. */
  readonly file?: { readonly identity: string; readonly version: string };
  /** Fills `target` from `offset`. Throws a DecodeError when any of it lies outside the source. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  /** The text of a file in the same folder; undefined when there is none, or it is longer than `maxBytes`. */
  readCompanion(fileName: string, maxBytes: number): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function openFile(path: string): Promise<ByteSource> {
  const unreadable = (error: unknown): never => {
    throw new DecodeError(path, `cannot be read: ${messageOf(error)}`, { cause: error, retryable: true });
  };
  const handle = await open(path, 'r').catch(unreadable);
  const { size, dev, ino, mtimeMs } = await handle.stat();
  const source: ByteSource = {
    name: path,
    sizeBytes: size,
    mayGrow: true,
    file: { identity: `${path}:${dev}:${ino}`, version: `${size}:${mtimeMs}` },
    async readInto(target, offset) {
      for (let done = 0; done < target.length;) {
        const { bytesRead } = await handle.read(target, done, target.length - done, offset + done).catch(unreadable);
        if (bytesRead === 0) throw torn(source, `ends at byte ${offset + done}, inside something that it points to`);
        done += bytesRead;
      }
    },
    async readCompanion(fileName, maxBytes) {
      const companion = join(dirname(path), basename(fileName));
      const isShort = await stat(companion).then(
        (found) => found.isFile() && found.size <= maxBytes,
        () => false,
      );
      return isShort ? readFile(companion, 'utf8') : undefined;
    },
    close: () => handle.close(),
  };
  return source;
}

export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  const source: ByteSource = {
    name,
    sizeBytes: bytes.length,
    mayGrow: false,
    async readInto(target, offset) {
      if (offset + target.length > bytes.length) {
        throw torn(source, `ends at byte ${bytes.length}, inside something that it points to`);
      }
      target.set(bytes.subarray(offset, offset + target.length));
    },
    readCompanion: async () => undefined,
    close: async () => undefined,
  };
  return source;
}

/** The source is not whole: worth another try if it may still grow. */
export function torn(source: ByteSource, problem: string, cause?: unknown): DecodeError {
  return new DecodeError(source.name, problem, { retryable: source.mayGrow, cause });
}

/** The source will never be a picture that can be taken. */
export function refused(source: ByteSource, problem: string): DecodeError {
  return new DecodeError(source.name, problem);
}
