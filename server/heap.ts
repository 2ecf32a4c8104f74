import { setFlagsFromString } from 'node:v8';

/** Of the live heap, by which it may grow before it is marked again; V8's own choice for a heap as small as ours is about 60. */
const GROWTH_PERCENT = 400;

/**
 * Pixels lie outside V8's heap, but count towards the limit at which the whole heap is marked: with the 30 MB that the service holds, that
 * is each 16 MB of frames, several times a second for large ones. A higher limit costs up to 170 MB of memory and gives a fifth of the
 * machine back where frames are large (docs/results.md). Call it before frames come.
 */
export function letFramesPassTheHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
