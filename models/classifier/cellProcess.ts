import type { PixelArray } from '../../pipeline/frame.ts';
import { serveRequests } from '../processServer.ts';
import type { CellSpec, LookPlane, LookReply, LookRequest } from './cellMessages.ts';
import { openLooker, type Looker } from './looker.ts';

/** The process that looks at cells: apart from the one that enhances, so that neither waits for the other. */

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array } as const;

const lookers = new Map<string, Looker>();

serveRequests<CellSpec, LookRequest, LookReply>({
  async load(key, spec) {
    const looker = await openLooker(spec);
    await lookers.get(key)?.release();
    lookers.set(key, looker);
  },
  async run(key, request, bytes) {
    const looker = lookers.get(key);
    if (!looker) throw new Error(`${key} is not loaded`);
    const startedMs = performance.now();
    const detections = await looker.look(request, planesOf(bytes, request.planes));
    return { done: { detections, ms: performance.now() - startedMs } };
  },
});

/** Cuts what came over the pipe into planes. */
function planesOf(bytes: Uint8Array<ArrayBuffer>, planes: readonly LookPlane[]): PixelArray[] {
  let at = 0;
  return planes.map(({ sizeX, sizeY, samplesPerPixel, pixelType }) => {
    const ArrayType = ARRAYS[pixelType];
    const length = sizeX * sizeY * samplesPerPixel;
    const from = at;
    at += length * ArrayType.BYTES_PER_ELEMENT;
    // A plane that follows one of another type may lie where its own cannot be read: then it is copied.
    if (from % ArrayType.BYTES_PER_ELEMENT === 0) return new ArrayType(bytes.buffer, from, length);
    return new ArrayType(bytes.slice(from, at).buffer);
  });
}
