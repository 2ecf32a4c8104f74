import type { CellBox } from '../../pipeline/frame.ts';
import { enlargeBicubic } from '../enhancer/bicubic.ts';
import type { Cut } from './namer.ts';
import type { Samples } from './resize.ts';

/** Raw pixels around the part that is needed: reach of the interpolation. */
const REACH = 3;

/**
 * The surroundings of a cell in raw pixels, enlarged by cubic convolution to the sampling of the enhanced picture: what the
 * namer would be shown without enhancement. `box` in raw pixels; the cut is `margin` times as large.
 */
export function enlargedRaw(raw: Samples, box: CellBox, margin: number, magnification: number): Cut {
  const side = Math.ceil(margin * Math.max(box.width, box.height)) + 2 * REACH;
  const left = Math.floor(box.x + box.width / 2 - side / 2);
  const top = Math.floor(box.y + box.height / 2 - side / 2);
  const larger = enlargeBicubic(squareOf(raw, left, top, side), side, side, 3, magnification);
  const size = side * magnification;
  return {
    picture: { sizeX: size, sizeY: size, samplesPerPixel: 3, data: Uint8Array.from(Uint8ClampedArray.from(larger)) },
    box: {
      x: (box.x - left) * magnification,
      y: (box.y - top) * magnification,
      width: box.width * magnification,
      height: box.height * magnification,
    },
  };
}

/** What lies in a square of the picture; outside the picture its edge is repeated. */
function squareOf({ sizeX, sizeY, data }: Samples, left: number, top: number, side: number): Float32Array {
  const square = new Float32Array(side * side * 3);
  const inside = (at: number, size: number) => Math.min(Math.max(at, 0), size - 1);
  for (let y = 0, to = 0; y < side; y++) {
    const row = inside(top + y, sizeY) * sizeX;
    for (let x = 0; x < side; x++) {
      const from = (row + inside(left + x, sizeX)) * 3;
      for (let c = 0; c < 3; c++) square[to++] = data[from + c];
    }
  }
  return square;
}
