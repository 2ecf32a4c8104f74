import type { CellBox } from '../../pipeline/frame.ts';
import { resampled } from '../evaluate/classify/resample.ts';
import { cropped, type Rgb } from '../evaluate/classify/rgb.ts';

/** Smallest side that is cut out, pixels. */
const LEAST_SIDE = 2;

/**
 * The picture of one cell as a namer takes it: a square around the middle of its box (pixels of the picture), `margin` times
 * as large as the larger side, reduced or enlarged to `side` pixels. Outside the picture its edge is repeated.
 */
export function cropOf(picture: Rgb, box: CellBox, margin: number, side: number): Uint8Array {
  const cut = Math.max(Math.round(margin * Math.max(box.width, box.height)), LEAST_SIDE);
  const left = Math.round(box.x + box.width / 2 - cut / 2);
  const top = Math.round(box.y + box.height / 2 - cut / 2);
  return resampled(cropped(picture, { left, top, side: cut }), side, side, 'triangle').data;
}
