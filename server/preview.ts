/** What viewers get of a frame: encoded once, however many look at it. */

import sharp from 'sharp';
import type { ClassifiedFrame, Plane } from '../pipeline/frame.ts';
import type { PictureHeader } from './protocol.ts';

export interface Picture {
  readonly header: PictureHeader;
  readonly bytes: Uint8Array;
}

export interface Pair {
  readonly raw: Picture;
  readonly enhanced?: Picture;
}

const JPEG_QUALITY = 85;

/** One frame on its way to the viewers; each form of it is made when the first viewer asks for it. */
export class SharedFrame {
  readonly frame: ClassifiedFrame;
  readonly sessionId: string;
  readonly #jpegs = new Map<string, Promise<Pair>>();
  #full: Pair | undefined;

  constructor(frame: ClassifiedFrame, sessionId: string) {
    this.frame = frame;
    this.sessionId = sessionId;
  }

  /** Full-depth pixels: the planes' own bytes, not copied. */
  full(): Pair {
    this.#full ??= this.#both((plane, intensityScale) => ({
      header: {
        sizeX: plane.sizeX,
        sizeY: plane.sizeY,
        samplesPerPixel: plane.samplesPerPixel,
        encoding: plane.pixelType === 'uint8' ? 'uint8' : 'uint16le',
        intensityScale,
        intensityOffset: 0,
      },
      bytes: bytesOf(plane),
    }));
    return this.#full;
  }

  /** 8 bits through a window of raw intensities (default: the session's normalisation), as JPEG. */
  jpeg(window: readonly [number, number] = this.#defaultWindow()): Promise<Pair> {
    const key = window.join();
    let pair = this.#jpegs.get(key);
    if (!pair) {
      const { raw, enhanced } = this.#both((plane, scale) => jpegOf(plane, scale, window));
      pair = Promise.all([raw, enhanced]).then(([first, second]) => ({ raw: first, enhanced: second }));
      this.#jpegs.set(key, pair);
    }
    return pair;
  }

  #both<P>(make: (plane: Plane, intensityScale: number) => P): { raw: P; enhanced?: P } {
    const { raw, enhanced } = this.frame;
    return { raw: make(raw, 1), enhanced: enhanced && make(enhanced.plane, enhanced.intensityScale) };
  }

  #defaultWindow(): [number, number] {
    const { offset, scale } = this.frame.normalisation;
    return [offset, offset + scale];
  }
}

/** float32 planes are shown as uint16: a viewer's texture has no use for more. */
function bytesOf(plane: Plane): Uint8Array {
  const { data } = plane;
  const shown = data instanceof Float32Array ? Uint16Array.from(data) : data;
  return new Uint8Array(shown.buffer, shown.byteOffset, shown.byteLength);
}

async function jpegOf(plane: Plane, intensityScale: number, [low, high]: readonly [number, number]): Promise<Picture> {
  const { sizeX, sizeY, samplesPerPixel, data } = plane;
  const isColour = samplesPerPixel === 3;
  const factor = (255 * intensityScale) / Math.max(high - low, 1e-9);
  const grey = isColour ? data : Uint8ClampedArray.from(data, (value) => value * factor - (255 * low) / (high - low));
  const bytes = await sharp(new Uint8Array(grey.buffer, grey.byteOffset, grey.byteLength), {
    raw: { width: sizeX, height: sizeY, channels: samplesPerPixel },
  })
    .toColourspace(isColour ? 'srgb' : 'b-w')
    .jpeg({ quality: JPEG_QUALITY, optimiseCoding: false })
    .toBuffer();
  return {
    header: {
      sizeX,
      sizeY,
      samplesPerPixel,
      encoding: 'jpeg',
      intensityScale: isColour ? 1 : (high - low) / 255,
      intensityOffset: isColour ? 0 : low,
    },
    bytes,
  };
}
