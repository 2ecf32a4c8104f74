/**
 * Where the samples of an enlarged picture lie on those of the raw one. Grey: raw sample k lies on enhanced sample m k, as the
 * networks for fluorescence were trained. Colour: both pictures cover the same rectangle, edge to edge, as is usual where
 * photographs are resized and as all networks for colour are trained.
 */

/** Place of the first enhanced sample, in raw samples; each further one lies 1 / magnification beyond. */
export function firstSampleAt(samplesPerPixel: 1 | 3, magnification: number): number {
  return samplesPerPixel === 3 ? (1 / magnification - 1) / 2 : 0;
}
