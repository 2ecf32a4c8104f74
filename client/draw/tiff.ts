/**
 * A single-plane TIFF of stored values, uncompressed, with its description: enough for a snapshot that any reader opens.
 */

import type { Picture } from './picture.ts';

const SHORT = 3;
const LONG = 4;
const ASCII = 2;

/** Little-endian baseline TIFF; `description` goes to ImageDescription as UTF-8. */
export function writeTiff(picture: Picture, description: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(`${description}\0`);
  const pixels = new Uint8Array(picture.data.buffer, picture.data.byteOffset, picture.data.byteLength);
  const bits = picture.data.BYTES_PER_ELEMENT * 8;
  const entries: (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, picture.sizeX],
    [257, LONG, 1, picture.sizeY],
    [258, SHORT, 1, bits],
    [259, SHORT, 1, 1], // no compression
    [262, SHORT, 1, picture.samplesPerPixel === 3 ? 2 : 1], // RGB, or black is zero
    [270, ASCII, text.length, 0],
    [273, LONG, 1, 0],
    [277, SHORT, 1, picture.samplesPerPixel],
    [278, LONG, 1, picture.sizeY],
    [279, LONG, 1, pixels.length],
  ];
  const directoryAt = 8;
  const textAt = directoryAt + 2 + entries.length * 12 + 4;
  const bitsAt = evenAfter(textAt + text.length);
  const pixelsAt = bitsAt + 6;
  const bytes = new Uint8Array(pixelsAt + pixels.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, directoryAt, true);
  view.setUint16(directoryAt, entries.length, true);
  entries.forEach(([tag, type, count, value], number) => {
    const at = directoryAt + 2 + number * 12;
    const three = tag === 258 && picture.samplesPerPixel === 3;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, three ? 3 : count, true);
    view.setUint32(at + 8, three ? bitsAt : tag === 270 ? textAt : tag === 273 ? pixelsAt : value, true);
  });
  bytes.set(text, textAt);
  [0, 2, 4].forEach((offset) => view.setUint16(bitsAt + offset, bits, true));
  bytes.set(pixels, pixelsAt);
  return bytes;
}

const evenAfter = (offset: number): number => offset + (offset % 2);
