/**
 * From the bytes of a frame to a picture.
 */

import type { PictureHeader } from '../../server/protocol.ts';
import type { Picture } from './picture.ts';

/** Rejects when the bytes are not what the header says. */
export async function pictureFromWire(
  header: PictureHeader,
  bytes: ArrayBuffer | Uint8Array,
  magnification: number,
): Promise<Picture> {
  const data = header.encoding === 'jpeg' ? await decodeJpeg(header, bytes) : storedValues(header, bytes);
  const expected = header.sizeX * header.sizeY * header.samplesPerPixel;
  if (data.length !== expected) throw new Error(`a picture of ${data.length} values came, ${expected} were announced`);
  return {
    sizeX: header.sizeX,
    sizeY: header.sizeY,
    samplesPerPixel: header.samplesPerPixel,
    data,
    intensityScale: header.intensityScale,
    intensityOffset: header.intensityOffset,
    magnification,
    exact: header.encoding !== 'jpeg',
  };
}

function storedValues(header: PictureHeader, bytes: ArrayBuffer | Uint8Array): Uint8Array | Uint16Array {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  if (header.encoding === 'uint8') return view;
  // A Uint16Array must start at an even byte. Every browser runs on little-endian machines.
  const aligned = view.byteOffset % 2 === 0 ? view : view.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
}

async function decodeJpeg(header: PictureHeader, bytes: ArrayBuffer | Uint8Array): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(new Blob([bytes as BlobPart], { type: 'image/jpeg' }), {
    colorSpaceConversion: 'none',
  });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, header.sizeX, header.sizeY).data;
  const samples = header.samplesPerPixel;
  const values = new Uint8Array(header.sizeX * header.sizeY * samples);
  for (let pixel = 0; pixel < header.sizeX * header.sizeY; pixel++) {
    for (let sample = 0; sample < samples; sample++) values[pixel * samples + sample] = rgba[pixel * 4 + sample]!;
  }
  return values;
}
