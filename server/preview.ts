/** What viewers get of a frame: encoded once, however many look at it. */

import sharp from 'sharp';
import type { ClassifiedFrame, Normalisation, PixelArray, PixelType, Plane } from '../pipeline/frame.ts';
import type { PictureHeader } from './protocol.ts';

export interface Picture {
  readonly header: PictureHeader;
  readonly bytes: Uint8Array;
}

export interface Pair {
  readonly raw: Picture;
  readonly enhanced?: Picture;
}

type Size = Pick<PictureHeader, 'sizeX' | 'sizeY' | 'samplesPerPixel'>;

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

  /** Full-depth pixels: the planes' own bytes, not copied; only float32 is shown as uint16. */
  full(): Pair {
    this.#full ??= this.#both((plane, intensityScale) => pixelsOf(plane, intensityScale, this.frame.normalisation));
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

function pixelsOf(plane: Plane, intensityScale: number, normalisation: Normalisation): Picture {
  const { sizeX, sizeY, samplesPerPixel, data } = plane;
  const size = { sizeX, sizeY, samplesPerPixel };
  if (data instanceof Float32Array) return floatPixelsOf(data, size, normalisation);
  const encoding = data instanceof Uint8Array ? 'uint8' : 'uint16le';
  return { header: { ...size, encoding, intensityScale, intensityOffset: 0 }, bytes: bytesOf(data) };
}

/** Range of float32 intensities that is shown, in scales of the session below and above its offset. */
const FLOAT_SCALES_BELOW = 1;
const FLOAT_SCALES_ABOVE = 7;

/** As uint16, because a viewer's texture has no use for more. */
function floatPixelsOf(data: Float32Array, size: Size, { offset, scale }: Normalisation): Picture {
  const intensityOffset = offset - FLOAT_SCALES_BELOW * scale;
  const intensityScale = ((FLOAT_SCALES_BELOW + FLOAT_SCALES_ABOVE) * scale) / 65_535;
  const shown = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const stored = Math.round(((data[i] as number) - intensityOffset) / intensityScale);
    shown[i] = Math.min(65_535, Math.max(0, stored));
  }
  return { header: { ...size, encoding: 'uint16le', intensityScale, intensityOffset }, bytes: bytesOf(shown) };
}

function bytesOf({ buffer, byteOffset, byteLength }: PixelArray | Uint8ClampedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Colour is shown over its whole range, whatever the window: 0 to this. */
const COLOUR_RANGE: Readonly<Record<PixelType, number>> = { uint8: 255, uint16: 65_535, float32: 1 };

async function jpegOf(plane: Plane, intensityScale: number, window: readonly [number, number]): Promise<Picture> {
  const { sizeX, sizeY, samplesPerPixel, pixelType } = plane;
  const isColour = samplesPerPixel === 3;
  const [low, high] = isColour ? [0, COLOUR_RANGE[pixelType] * intensityScale] : window;
  const bytes = await sharp(bytesOf(throughWindow(plane, low / intensityScale, high / intensityScale)), {
    raw: { width: sizeX, height: sizeY, channels: samplesPerPixel },
  })
    .toColourspace(isColour ? 'srgb' : 'b-w')
    .jpeg({ quality: JPEG_QUALITY, optimiseCoding: false })
    .toBuffer();
  const header = { sizeX, sizeY, samplesPerPixel, encoding: 'jpeg' as const };
  return { header: { ...header, intensityScale: (high - low) / 255, intensityOffset: low }, bytes };
}

/** Stored values from `low` to `high` as 0 to 255. A plain loop: `from` with a function takes ten times as long. */
function throughWindow({ data }: Plane, low: number, high: number): Uint8ClampedArray {
  const shown = new Uint8ClampedArray(data.length);
  const factor = 255 / Math.max(high - low, Number.MIN_VALUE);
  for (let i = 0; i < data.length; i++) shown[i] = ((data[i] as number) - low) * factor;
  return shown;
}
