import { writeFileSync } from 'node:fs';
import type { ArrivedFrame, Plane, SourceEvent } from '../../../pipeline/frame.ts';
import { decodePayload } from '../../../pipeline/decode/registry.ts';

/**
 * Frames that carry their own number in every pixel, and their coordinates in the pixels' differences, so that a frame in the
 * wrong place, a torn one or a shifted one is caught by value: pixel (x, y) of frame n is n * 64 + y * 8 + x.
 */
export const SIZE = 8;

export function coordinatePlane(n: number): Plane {
  const data = Uint16Array.from({ length: SIZE * SIZE }, (_, i) => n * SIZE * SIZE + i);
  return { sizeX: SIZE, sizeY: SIZE, samplesPerPixel: 1, pixelType: 'uint16', data };
}

/** The number of a frame; throws when any pixel is not where it should be. */
export function numberOf(plane: Plane): number {
  const n = plane.data[0]! / (SIZE * SIZE);
  const expected = coordinatePlane(n).data;
  if (plane.data.length !== expected.length || !plane.data.every((value, i) => value === expected[i])) {
    throw new Error(`the pixels of frame ${n} are not its own`);
  }
  return n;
}

export async function numberOfFrame(frame: ArrivedFrame): Promise<number> {
  return numberOf((await decodePayload(frame.payload, frame.name)).plane);
}

/**
 * An uncompressed TIFF of frames `first` .. `first + count - 1`, each page's directory before its pixels as acquisition
 * programs write them: cut anywhere, the last page is torn.
 */
export function coordinateTiff(first: number, count = 1): Buffer {
  const pixelBytes = SIZE * SIZE * 2;
  const entries = 9;
  const pageBytes = 2 + entries * 12 + 4 + pixelBytes;
  const file = Buffer.alloc(8 + count * pageBytes);
  file.write('II');
  file.writeUInt16LE(42, 2);
  file.writeUInt32LE(8, 4);
  for (let page = 0; page < count; page += 1) {
    const start = 8 + page * pageBytes;
    const pixels = start + 2 + entries * 12 + 4;
    const tags: [tag: number, type: 3 | 4, value: number][] = [
      [256, 4, SIZE],
      [257, 4, SIZE],
      [258, 3, 16],
      [259, 3, 1],
      [262, 3, 1],
      [273, 4, pixels],
      [277, 3, 1],
      [278, 4, SIZE],
      [279, 4, pixelBytes],
    ];
    file.writeUInt16LE(entries, start);
    tags.forEach(([tag, type, value], i) => {
      const at = start + 2 + i * 12;
      file.writeUInt16LE(tag, at);
      file.writeUInt16LE(type, at + 2);
      file.writeUInt32LE(1, at + 4);
      if (type === 3) file.writeUInt16LE(value, at + 8);
      else file.writeUInt32LE(value, at + 8);
    });
    file.writeUInt32LE(page + 1 < count ? start + pageBytes : 0, start + 2 + entries * 12);
    Buffer.from(coordinatePlane(first + page).data.buffer as ArrayBuffer).copy(file, pixels);
  }
  return file;
}

export function writeCoordinateTiff(path: string, first: number, count = 1): void {
  writeFileSync(path, coordinateTiff(first, count));
}

/** Takes events until `enough` says so. The source stays open. */
export async function takeUntil(
  events: AsyncIterator<SourceEvent>,
  enough: (taken: readonly SourceEvent[]) => boolean,
): Promise<SourceEvent[]> {
  const taken: SourceEvent[] = [];
  while (!enough(taken)) {
    const next = await events.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

export function framesOf(events: readonly SourceEvent[]): ArrivedFrame[] {
  return events.filter((event) => event.type === 'frame');
}
