import { open } from 'node:fs/promises';
import type { FrameIndex, PlaneDescription } from '../../frame.ts';

/**
 * Companion files in which an acquisition program names what it has finished writing: Micro-Manager's `metadata.txt` and
 * the `NDTiff.index` of NDTiff data sets. Both grow while the acquisition runs, so they are followed from where the last
 * look ended and never parsed as a whole; a torn end waits for the next look. Neither is ever required.
 */
export interface Companion {
  readonly rule: 'metadata-line' | 'index-record';
  /** Takes in what was appended since the last look. */
  readOn(): Promise<void>;
  /** How many planes of the file in the same folder are written. */
  planesOf(fileName: string): number;
  /** What the companion says of one plane. */
  describe(fileName: string, page: number): PlaneDescription | undefined;
}

const COMPANIONS: Readonly<Record<string, (path: string) => Companion>> = {
  'metadata.txt': followMetadataText,
  'NDTiff.index': followNdtiffIndex,
};

/** A follower for a companion file, or undefined when `name` is not one. */
export function companionFor(name: string, path: string): Companion | undefined {
  return COMPANIONS[name]?.(path);
}

/** At most so much is read in one step, and kept of an unfinished record. */
const STEP_BYTES = 1 << 20;

/** Calls `take` with the unread bytes; it says how many of them it has used. A file that shrank is read from its start. */
class Tail {
  readonly #path: string;
  readonly #take: (bytes: Buffer) => number;
  #offset = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(path: string, take: (bytes: Buffer) => number) {
    this.#path = path;
    this.#take = take;
  }

  /** One look after the other: two at once would take in the same bytes twice. */
  readOn(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readToEnd());
    return this.#reading;
  }

  async #readToEnd(): Promise<void> {
    const file = await open(this.#path, 'r').catch(() => undefined); // gone again: nothing to learn from it
    if (!file) return;
    try {
      const { size } = await file.stat();
      if (size < this.#offset) this.#offset = 0;
      if (size === this.#offset) return;
      const buffer = Buffer.allocUnsafe(Math.min(STEP_BYTES, size - this.#offset));
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        const used = bytesRead === 0 ? 0 : this.#take(buffer.subarray(0, bytesRead));
        this.#offset += used;
        if (used === 0) return;
      }
    } finally {
      await file.close();
    }
  }
}

/**
 * Micro-Manager 2 writes an image and then the line `"Coords-Default/img_....tif": {`; Micro-Manager 1.4 writes
 * `"FileName": "img_....tif"` inside the frame's block. The text is no valid JSON before the acquisition has ended.
 */
function followMetadataText(path: string): Companion {
  const named = new Set<string>();
  const tail = new Tail(path, (bytes) => {
    // A line longer than a step is no line that names a file: pass over it.
    const end = bytes.lastIndexOf('\n') + 1 || (bytes.length === STEP_BYTES ? bytes.length : 0);
    for (const match of bytes
      .toString('utf8', 0, end)
      .matchAll(/"Coords-(?:[^"]*\/)?([^"/]+)"|"FileName":\s*"([^"]+)"/g)) {
      named.add((match[1] ?? match[2])!);
    }
    return end;
  });
  return {
    rule: 'metadata-line',
    readOn: () => tail.readOn(),
    planesOf: (fileName) => (named.has(fileName) ? 1 : 0),
    describe: () => undefined,
  };
}

/**
 * NDTiff's index is an append-only log, little-endian: u32 length, axes as JSON, u32 length, file name, then eight u32 (pixel
 * offset, width, height, pixel type, compression, metadata offset, metadata length, metadata compression).
 * https://github.com/micro-manager/NDTiffStorage#specification
 */
function followNdtiffIndex(path: string): Companion {
  const planes = new Map<string, PlaneDescription[]>();
  const channelNumbers = new Map<string, number>();
  const tail = new Tail(path, (bytes) => {
    let used = 0;
    for (;;) {
      const record = readRecord(bytes, used);
      if (!record) return used;
      used = record.end;
      const ofFile = planes.get(record.fileName) ?? [];
      ofFile.push(describeAxes(record.axes, channelNumbers));
      planes.set(record.fileName, ofFile);
    }
  });
  return {
    rule: 'index-record',
    readOn: () => tail.readOn(),
    planesOf: (fileName) => planes.get(fileName)?.length ?? 0,
    describe: (fileName, page) => planes.get(fileName)?.[page],
  };
}

function readRecord(bytes: Buffer, start: number) {
  const axes = readText(bytes, start);
  const fileName = axes && readText(bytes, axes.end);
  const end = fileName && fileName.end + 8 * 4;
  return axes && fileName && end! <= bytes.length ? { axes: axes.text, fileName: fileName.text, end: end! } : undefined;
}

function readText(bytes: Buffer, start: number): { text: string; end: number } | undefined {
  if (start + 4 > bytes.length) return undefined;
  const end = start + 4 + bytes.readUInt32LE(start);
  return end <= bytes.length ? { text: bytes.toString('utf8', start + 4, end), end } : undefined;
}

/** Channels may be numbers or names; names are numbered in order of appearance. */
function describeAxes(json: string, channelNumbers: Map<string, number>): PlaneDescription {
  let axes: Record<string, unknown>;
  try {
    axes = Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    return {}; // an index that is not as specified still counts planes
  }
  const { channel } = axes;
  if (typeof channel === 'string' && !channelNumbers.has(channel)) channelNumbers.set(channel, channelNumbers.size);
  const stated = {
    t: axes.time,
    c: typeof channel === 'string' ? channelNumbers.get(channel) : channel,
    z: axes.z,
  };
  const index: Partial<FrameIndex> = Object.fromEntries(
    Object.entries(stated).filter(([, n]) => Number.isInteger(n) && (n as number) >= 0),
  );
  return { index, ...(typeof channel === 'string' && { channelName: channel }) };
}
