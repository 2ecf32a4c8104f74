import type { ModelManifest } from '../manifest.ts';
import type { OnnxSession } from '../onnxSession.ts';
import { runTiled } from '../tile.ts';
import type { Method, MethodInput } from './method.ts';
import { checkPicture, checkShape } from './pictureCheck.ts';
import { createScratch } from './scratch.ts';

/** Packages of our own contract for colour: RGB of 8 bit in and out, all arithmetic in the graph (`manifest.ts`). */
export function createColourModel(session: OnnxSession, manifest: ModelManifest, limit: number): Method['enhance'] {
  const { id, magnification } = manifest;
  const scratch = createScratch((length) => new Uint8Array(length));
  // The limit is meant for models that enlarge twice: what a network needs grows with what it gives.
  const colourLimit = Math.floor((2 * limit) / Math.max(magnification, 2));

  return async (input: MethodInput) => {
    const raw = input.planes[input.planes.length - 1];
    if (input.samplesPerPixel !== 3) throw new Error(`${id} takes colour frames only`);
    if (!(raw instanceof Uint8Array)) throw new Error(`${id} takes colour of 8 bit only`);
    const { data, tiles } = await runTiled(
      [raw],
      input.sizeX,
      input.sizeY,
      manifest,
      colourLimit,
      scratch,
      async (tile, sizeX, sizeY) => {
        const outputs = await session.run({ [session.inputNames[0]]: { data: tile, dims: [1, sizeY, sizeX, 3] } });
        const enhanced = outputs[session.outputNames[0]];
        checkShape(id, enhanced, [1, sizeY * magnification, sizeX * magnification, 3]);
        if (!(enhanced.data instanceof Uint8Array)) throw new Error(`${id} does not return uint8`);
        return enhanced.data;
      },
    );
    checkPicture(id, data, input);
    return { data, tiles };
  };
}
