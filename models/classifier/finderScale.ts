import type { CellFinder } from './cellPackage.ts';

/** Usual diameters, micrometre: white cells in a dried smear, and nuclei of adherent cells. */
const USUAL_DIAMETER: Readonly<Record<string, number>> = { 'white cell': 13, nucleus: 15 };
/** No picture is made smaller or larger than by this factor for the sake of its cells. */
const MOST = 4;

/** What is known of the size of cells in a frame. */
export interface SizeOfCells {
  readonly sizeX: number;
  readonly sizeY: number;
  /** micrometre per raw pixel */
  readonly physicalSizeX?: number;
  /** Mean diameter of the cells of the first kind that were found so far, raw pixels. */
  readonly foundDiameterPx?: number;
}

/**
 * Pixels per raw pixel of the picture that a finder gets. Cells near the largest that it was trained with are brought to the
 * middle of that range; cells smaller than the smallest are brought to that and no further, because enlarging costs time and
 * shows nothing new. How large they are is known from the size of a pixel, or else from the cells that were found so far. A
 * frame that is larger than the finder takes is made smaller.
 */
export function finderScaleFor(finder: CellFinder, frame: SizeOfCells): number {
  const largest = Math.sqrt(finder.maxPixels / (frame.sizeX * frame.sizeY));
  return Math.min(scaleForSize(finder, frame), largest);
}

function scaleForSize({ kinds, trainedDiameterPx }: CellFinder, { physicalSizeX, foundDiameterPx }: SizeOfCells) {
  const usual = USUAL_DIAMETER[kinds[0]];
  const expected = usual && physicalSizeX ? usual / physicalSizeX : foundDiameterPx;
  if (expected === undefined || trainedDiameterPx === undefined) return 1;
  const [least, most] = trainedDiameterPx;
  if (expected < least) return Math.min(least / expected, MOST);
  const middle = Math.sqrt(least * most);
  return expected > Math.sqrt(middle * most) ? Math.max(middle / expected, 1 / MOST) : 1;
}
