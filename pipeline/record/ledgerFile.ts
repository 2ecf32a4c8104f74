/**
 * `frames.jsonl`: one JSON object a line, in the order in which frames ended. The last field of each line is its link in a
 * chain:
 *
 *     chain = SHA-256(chain of the line before + the line without its chain)
 *
 * The first line links to the SHA-256 of `session.json`. So no line can be changed, removed or added later, and no
 * constant of the session altered, without every link after it failing.
 */

import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openToAppend } from './diskTrouble.ts';
import { FlushedFile } from './flushedFile.ts';
import { writeFully } from './shardLog.ts';

export const LEDGER_FILE = 'frames.jsonl';

const CHAIN_FIELD = ',"chain":"';
const CHAIN_CHARS = CHAIN_FIELD.length + 64 + '"}'.length;

/** Where a line lies in the file; `sizeBytes` is without its line feed. */
export interface LinePlace {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The link that the first line of a session refers to. */
export function chainStart(sessionFile: string): string {
  return createHash('sha256').update(readFileSync(sessionFile)).digest('hex');
}

function linkAfter(previous: string, body: string): string {
  return createHash('sha256').update(previous).update(body).digest('hex');
}

/** Appends lines; made for one writer at a time. */
export class LedgerFile {
  readonly #path: string;
  #file: FlushedFile | undefined;
  #length: number;
  #head: string;

  /** Continues after `end`: the length of the whole lines in the file and the chain's head there. */
  constructor(path: string, end: { readonly sizeBytes: number; readonly head: string }) {
    this.#path = path;
    this.#length = end.sizeBytes;
    this.#head = end.head;
    this.#open();
  }

  /** Chain of the last line. */
  get head(): string {
    return this.#head;
  }

  append(line: object): LinePlace {
    const body = JSON.stringify(line);
    const head = linkAfter(this.#head, body);
    const bytes = Buffer.from(`${body.slice(0, -1)}${CHAIN_FIELD}${head}"}\n`);
    const file = this.#open();
    try {
      writeFully(file.fd, [bytes]);
    } catch (error) {
      this.abandon(); // Opening it again cuts the torn line.
      throw error;
    }
    const place = { offset: this.#length, sizeBytes: bytes.length - 1 };
    this.#length += bytes.length;
    this.#head = head;
    file.wrote();
    return place;
  }

  /** Forces what was appended to the disk before it returns. */
  flushNow(): void {
    this.#file?.flushNow();
  }

  /** The same while appending goes on. */
  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  close(): void {
    this.flushNow();
    this.abandon();
  }

  /** Closes the file; the next line opens it again. */
  abandon(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): FlushedFile {
    if (this.#file) return this.#file;
    this.#file = new FlushedFile(openToAppend(this.#path, this.#length));
    return this.#file;
  }
}

export interface ReadLine extends LinePlace {
  readonly content: Readonly<Record<string, unknown>>;
  readonly chain: string;
  /** False when the line does not follow from the one before it: one of the two was altered. */
  readonly linked: boolean;
}

/** Whole lines from the start. Stops before a torn last line; a line that is no JSON object ends it as well. */
export async function* readLedger(path: string, start: string): AsyncGenerator<ReadLine> {
  let previous = start;
  let offset = 0;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: 0 });
  for await (const text of lines) {
    const sizeBytes = Buffer.byteLength(text);
    const content = parseObject(text);
    const chain = content?.['chain'];
    if (!content || typeof chain !== 'string') return;
    const body = `${text.slice(0, -CHAIN_CHARS)}}`;
    yield { offset, sizeBytes, content, chain, linked: linkAfter(previous, body) === chain };
    previous = chain;
    offset += sizeBytes + 1;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
