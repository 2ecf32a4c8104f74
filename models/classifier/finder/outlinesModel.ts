import { createTensorRun } from '../../enhancer/tensorModel.ts';
import type { OnnxSession } from '../../onnxSession.ts';
import type { OutlineFinder } from '../cellPackage.ts';
import type { Picture } from '../picture.ts';
import type { Found } from './boxes.ts';
import { outlineOf, simplified } from './contour.ts';
import { regionsOf, type ProbabilityMaps } from './regions.ts';

/** Runs a network that gives maps of probabilities, and outlines what they show. `picture` holds normalised intensities. */
export type FindOutlines = (picture: Picture) => Promise<Found[]>;

/** Pixels of the picture that an outline may lie away from the region's edge. */
const OUTLINE_TOLERANCE = 0.75;
/** Pixels along a side of a tile; only packages of others are run in tiles. */
const TILE_LIMIT = 1024;

export function createOutlines(session: OnnxSession, finder: OutlineFinder): FindOutlines {
  const mapsOf = finder.tensor ? declaredMaps(session, finder) : ownMaps(session, finder);
  return async (picture) => {
    const regions = regionsOf(await mapsOf(picture), finder);
    return regions.regions.map((region) => ({
      kind: finder.kinds[0],
      confidence: region.confidence,
      box: {
        ...{ x: region.left, y: region.top },
        ...{ width: region.right - region.left + 1, height: region.bottom - region.top + 1 },
      },
      outline: simplified(outlineOf(regions, region), OUTLINE_TOLERANCE),
    }));
  };
}

/** Packages of ours: `image` float32 [1, 1, H, W] in, `foreground` and `boundary` out. */
function ownMaps(session: OnnxSession, finder: OutlineFinder) {
  return async (picture: Picture): Promise<ProbabilityMaps> => {
    const { data, sizeX, sizeY } = padded(picture, finder.step);
    const outputs = await session.run({ [session.inputNames[0]]: { data, dims: [1, 1, sizeY, sizeX] } });
    const { foreground, boundary } = outputs;
    if (!foreground || foreground.data.length !== data.length) {
      throw new Error(`${finder.id} must return foreground, as large as its input`);
    }
    const cut = (map: Float32Array) => cropped(map, sizeX, picture.sizeX, picture.sizeY);
    return {
      ...{ sizeX: picture.sizeX, sizeY: picture.sizeY },
      foreground: cut(foreground.data as Float32Array),
      ...(boundary && { boundary: cut(boundary.data as Float32Array) }),
    };
  };
}

/** Packages of others, with the processing that they declare: one map of probabilities, no rims. */
function declaredMaps(session: OnnxSession, { tensor }: OutlineFinder) {
  const run = createTensorRun(session, tensor!, TILE_LIMIT);
  return async ({ data, sizeX, sizeY }: Picture): Promise<ProbabilityMaps> => {
    const { values } = await run(data as Float32Array, sizeX, sizeY);
    return { sizeX, sizeY, foreground: values };
  };
}

/** The picture with its last column and row repeated, so that both sizes are multiples of `step`. */
function padded(picture: Picture, step: number): { data: Float32Array; sizeX: number; sizeY: number } {
  const data = picture.data as Float32Array;
  const sizeX = Math.ceil(picture.sizeX / step) * step;
  const sizeY = Math.ceil(picture.sizeY / step) * step;
  if (sizeX === picture.sizeX && sizeY === picture.sizeY) return { data, sizeX, sizeY };
  const larger = new Float32Array(sizeX * sizeY);
  for (let y = 0; y < sizeY; y++) {
    const from = Math.min(y, picture.sizeY - 1) * picture.sizeX;
    const to = y * sizeX;
    larger.set(data.subarray(from, from + picture.sizeX), to);
    larger.fill(data[from + picture.sizeX - 1], to + picture.sizeX, to + sizeX);
  }
  return { data: larger, sizeX, sizeY };
}

function cropped(map: Float32Array, mapSizeX: number, sizeX: number, sizeY: number): Float32Array {
  if (map.length === sizeX * sizeY) return map;
  const part = new Float32Array(sizeX * sizeY);
  for (let y = 0; y < sizeY; y++) part.set(map.subarray(y * mapSizeX, y * mapSizeX + sizeX), y * sizeX);
  return part;
}
