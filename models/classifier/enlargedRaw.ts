import type { CellBox } from '../../pipeline/frame.ts';
import { enlargeBicubic } from '../enhancer/bicubic.ts';
import { cropped, type Rgb } from '../evaluate/classify/rgb.ts';
import type { Cut } from './namer.ts';
import { enlargedOrigin } from './picture.ts';

/** Raw pixels around the part that is needed: reach of the interpolation. */
const REACH = 3;

/**
 * The surroundings of a cell in raw pixels, enlarged by cubic convolution to the sampling of the enhanced picture: what the
 * namer would be shown without enhancement. `box` in raw pixels; the cut is `margin` times as large.
 */
export function enlargedRaw(raw: Rgb, box: CellBox, margin: number, magnification: number): Cut {
  const side = Math.ceil(margin * Math.max(box.width, box.height)) + 2 * REACH;
  const left = Math.floor(box.x + box.width / 2 - side / 2);
  const top = Math.floor(box.y + box.height / 2 - side / 2);
  const patch = cropped(raw, { left, top, side });
  const larger = enlargeBicubic(Float32Array.from(patch.data), side, side, 3, magnification);
  const size = side * magnification;
  const origin = enlargedOrigin(magnification, false);
  return {
    picture: { sizeX: size, sizeY: size, data: Uint8Array.from(Uint8ClampedArray.from(larger)) },
    box: {
      x: (box.x - left - origin) * magnification,
      y: (box.y - top - origin) * magnification,
      width: box.width * magnification,
      height: box.height * magnification,
    },
  };
}
