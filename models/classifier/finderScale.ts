import type { CellFinder } from './cellPackage.ts';

/** Usual diameters, micrometre: white cells in a dried smear, and nuclei of adherent cells. */
const USUAL_DIAMETER: Readonly<Record<string, number>> = { 'white cell': 13, nucleus: 15 };

/**
 * Pixels per raw pixel of the picture that a finder gets: 1, unless the size of a pixel is known and cells of the usual size
 * would be smaller or larger than those that the finder was trained with; or less, where the frame is larger than it takes.
 */
export function finderScaleFor(
  finder: CellFinder,
  frame: { readonly sizeX: number; readonly sizeY: number; readonly physicalSizeX?: number },
): number {
  const largest = Math.sqrt(finder.maxPixels / (frame.sizeX * frame.sizeY));
  return Math.min(scaleForSize(finder, frame.physicalSizeX), largest);
}

function scaleForSize({ kinds, trainedDiameterPx }: CellFinder, physicalSizeX: number | undefined): number {
  const diameter = USUAL_DIAMETER[kinds[0]];
  if (diameter === undefined || physicalSizeX === undefined || trainedDiameterPx === undefined) return 1;
  const expectedPx = diameter / physicalSizeX;
  const [least, most] = trainedDiameterPx;
  return Math.min(Math.max(expectedPx, least), most) / expectedPx;
}
