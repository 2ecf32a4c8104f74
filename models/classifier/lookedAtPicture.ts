import type { PixelArray } from '../../pipeline/frame.ts';
import type { LookPlane, LookRequest } from './cellMessages.ts';
import { enlargedOrigin, type Picture } from './picture.ts';

/** A plane as finders see it: colour as uint8 with 255 at full scale, grey as float32 normalised for the session. */
export function pictureOf(plane: LookPlane, data: PixelArray, request: LookRequest): Picture {
  const { sizeX, sizeY, samplesPerPixel, magnification } = plane;
  return {
    ...{ sizeX, sizeY, samplesPerPixel },
    scale: magnification,
    origin: enlargedOrigin(samplesPerPixel, magnification),
    data: samplesPerPixel === 3 ? asBytes(data, plane, request) : normalised(data, plane, request),
  };
}

function asBytes(data: PixelArray, { intensityScale }: LookPlane, { fullScale }: LookRequest): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const factor = (255 * intensityScale) / fullScale;
  return Uint8Array.from(Uint8ClampedArray.from(data, (value) => value * factor));
}

function normalised(data: PixelArray, { intensityScale }: LookPlane, { offset, scale }: LookRequest): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < result.length; i++) result[i] = (data[i] * intensityScale - offset) / scale;
  return result;
}
