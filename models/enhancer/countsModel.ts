import type { PixelArray } from '../../pipeline/frame.ts';
import type { ModelManifest } from '../manifest.ts';
import type { OnnxSession } from '../onnxSession.ts';
import { runTiled } from '../tile.ts';
import type { Method, MethodInput } from './method.ts';
import { checkPicture, checkShape } from './pictureCheck.ts';
import { createScratch } from './scratch.ts';

/** Packages of our own contract: counts in, counts out, all arithmetic in the graph (`manifest.ts`). */
export function createCountsModel(session: OnnxSession, manifest: ModelManifest, limit: number): Method['enhance'] {
  const { id, temporalFrames, magnification } = manifest;
  const scratch = createScratch((length) => new Uint16Array(length));

  return async (input: MethodInput) => {
    if (input.samplesPerPixel !== 1) throw new Error(`${id} takes grey frames only`);
    // Floating-point frames become counts before the network, with the gain that integer frames get after it.
    const isFloat = input.planes[0] instanceof Float32Array;
    const before = isFloat ? input.gain : 1;
    const scalars = {
      offset: scalar(input.offset * before),
      scale: scalar(input.scale * before),
      gain: scalar(input.gain / before),
    };
    const planes = lookBack(input.planes, temporalFrames).map((plane) => toCounts(plane, before));
    const { data, tiles } = await runTiled(
      planes,
      input.sizeX,
      input.sizeY,
      manifest,
      limit,
      scratch,
      async (tile, sizeX, sizeY) => {
        const raw = { data: tile, dims: [1, temporalFrames, sizeY, sizeX] };
        const { enhanced } = await session.run({ raw, ...scalars });
        checkShape(id, enhanced, [1, 1, sizeY * magnification, sizeX * magnification]);
        return enhanced.data as Uint16Array;
      },
    );
    checkPicture(id, data, input);
    return { data, tiles };
  };
}

function scalar(value: number) {
  return { data: Float32Array.of(value), dims: [1, 1] };
}

/** The newest `frames` planes; at the start of a session the oldest one stands for those before it. */
function lookBack(planes: readonly PixelArray[], frames: number): readonly PixelArray[] {
  const newest = planes.slice(-frames);
  return [...Array.from({ length: frames - newest.length }, () => newest[0]), ...newest];
}

function toCounts(plane: PixelArray, gain: number): Uint16Array {
  if (plane instanceof Uint16Array) return plane;
  if (plane instanceof Uint8Array) return Uint16Array.from(plane);
  return Uint16Array.from(plane, (value) => Math.min(Math.max(Math.round(value * gain), 0), 65535));
}
