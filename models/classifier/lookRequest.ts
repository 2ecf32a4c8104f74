import type { AssessedFrame, Enhanced, PixelArray } from '../../pipeline/frame.ts';
import type { LookPlane, LookRequest } from './cellMessages.ts';

/** From a frame to what is looked at. */

/**
 * Whether cells are looked for in the enlarged picture. Not where it is raw, interpolated: nothing was predicted that could make
 * a decision. And not where its model is for display only: it may have invented what would decide.
 */
export function isLookedAt(enhanced: Enhanced | undefined): enhanced is Enhanced {
  return enhanced !== undefined && enhanced.prediction.modelId !== 'bicubic' && !enhanced.prediction.displayOnly;
}

/** The enhanced picture where there is one, else raw; with `compare` both. `finderScale` in pixels per raw pixel. */
export function lookRequest(
  frame: AssessedFrame,
  finderScale: number,
  compare: boolean,
): {
  readonly request: LookRequest;
  readonly planes: readonly PixelArray[];
  readonly lookedAt: 'raw' | 'enhanced';
} {
  const { raw, enhanced, normalisation, description } = frame;
  const rawPlane: LookPlane = { ...shapeOf(raw), magnification: 1, intensityScale: 1 };
  const looksAtEnhanced = isLookedAt(enhanced);
  const planes = looksAtEnhanced ? [enhancedPlane(enhanced), ...(compare ? [rawPlane] : [])] : [rawPlane];
  const pixels = looksAtEnhanced ? [enhanced.plane.data, ...(compare ? [raw.data] : [])] : [raw.data];
  const { offset, scale } = normalisation;
  const fullScale = 2 ** (description.significantBits ?? 8) - 1;
  return {
    request: { planes, offset, scale, fullScale, finderScale },
    planes: pixels,
    lookedAt: looksAtEnhanced ? 'enhanced' : 'raw',
  };
}

function enhancedPlane({ plane, magnification, intensityScale }: Enhanced): LookPlane {
  return { ...shapeOf(plane), magnification, intensityScale };
}

function shapeOf({ sizeX, sizeY, samplesPerPixel, pixelType }: AssessedFrame['raw']) {
  return { sizeX, sizeY, samplesPerPixel, pixelType };
}
