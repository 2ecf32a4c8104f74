import type { PixelArray } from '../../pipeline/frame.ts';
import { openSession, type OnnxSession } from '../onnxSession.ts';
import type { CellSpec, Detection, LookRequest } from './cellMessages.ts';
import type { CellNamer } from './cellPackage.ts';
import type { Look } from './decision.ts';
import { enlargedRaw } from './enlargedRaw.ts';
import type { Found } from './finder/boxes.ts';
import { findBoxes } from './finder/boxesModel.ts';
import { createOutlines } from './finder/outlinesModel.ts';
import { pictureOf } from './lookedAtPicture.ts';
import { nameCells, type Cut, type Named } from './namer.ts';
import { fromRaw, overlapOf, toRaw, type Picture } from './picture.ts';
import { atScale } from './resize.ts';

/** Finds the cells of a picture and names them, and sees what raw pixels would have led to. Lives in the cells' process. */
export interface Looker {
  look(request: LookRequest, planes: readonly PixelArray[]): Promise<Detection[]>;
  release(): Promise<void>;
}

/** A detection in raw pixels is the same thing as one in enhanced pixels from this intersection over union on. */
const SAME_THING = 0.3;

export async function openLooker({ finder, namer, threads }: CellSpec): Promise<Looker> {
  const settings = { provider: 'cpu', threads } as const;
  const finding = await openSession(finder.weights.path, settings);
  const naming = namer && (await openSession(namer.weights.path, settings));
  const find: (picture: Picture) => Promise<Found[]> =
    finder.gives === 'boxes' ? (picture) => findBoxes(finding, finder, picture) : createOutlines(finding, finder);

  /** What the finder sees, in raw pixels. */
  const findIn = async (picture: Picture, finderScale: number): Promise<Found[]> => {
    const small = atScale(picture, finderScale);
    return (await find(small)).map((found) => inRawPixels(found, small));
  };

  return {
    async look(request, planes) {
      const [picture, raw] = request.planes.map((plane, i) => pictureOf(plane, planes[i], request));
      const found = await findIn(picture, request.finderScale);
      const looks = await named(naming, namer, finder.kinds[0], found, (each) => cutFrom(picture, each));
      if (!raw) return looks;
      const foundInRaw = await findIn(raw, request.finderScale);
      const rawLooks = await named(naming, namer, finder.kinds[0], found, ({ box }) =>
        enlargedRaw(raw, box, namer!.margin, request.planes[0].magnification),
      );
      return looks.map((look, i) => ({ ...look, raw: seenInRaw(look, rawLooks[i], foundInRaw) }));
    },
    async release() {
      await finding.release();
      await naming?.release();
    },
  };
}

/** The same things with their names, where the namer names things of their kind. */
async function named(
  session: OnnxSession | undefined,
  namer: CellNamer | undefined,
  kind: string,
  found: readonly Found[],
  cut: (found: Found) => Cut,
): Promise<Detection[]> {
  if (!session || !namer) return [...found];
  const toName = found.filter((each) => each.kind === kind);
  const names = await nameCells(session, namer, toName.map(cut));
  const byThing = new Map<Found, Named>(toName.map((each, i) => [each, names[i]]));
  return found.map((each) => ({ ...each, ...byThing.get(each) }));
}

/** Another kind of thing has no use for names that were made for this one. */
function seenInRaw(look: Detection, rawLook: Look, foundInRaw: readonly Found[]): Look | null {
  const [same] = foundInRaw
    .map((found) => ({ found, overlap: overlapOf(found.box, look.box) }))
    .filter(({ overlap }) => overlap >= SAME_THING)
    .sort((a, b) => b.overlap - a.overlap);
  if (!same) return null;
  const { kind, confidence } = same.found;
  if (kind !== look.kind) return { kind, confidence };
  const { probabilities, isStrange } = rawLook;
  return { kind, confidence, ...(probabilities && { probabilities, isStrange }) };
}

function inRawPixels(found: Found, picture: Picture): Found {
  const { scale, origin } = picture;
  // An outline lies between edges; samples of a frame are counted at their middles.
  const outline = found.outline?.map((edge) => round(origin + edge / scale - 0.5));
  const { x, y, width, height } = toRaw(picture, found.box);
  const box = { x: round(x), y: round(y), width: round(width), height: round(height) };
  return { ...found, box, ...(outline && { outline }) };
}

/** A hundredth of a pixel is more than any finder can tell, and keeps the ledger small. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function cutFrom(picture: Picture, { box }: Found): Cut {
  return { picture, box: fromRaw(picture, box) };
}
