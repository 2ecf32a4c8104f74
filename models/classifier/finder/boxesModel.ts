import type { OnnxSession } from '../../onnxSession.ts';
import type { BoxFinder } from '../cellPackage.ts';
import { clipped, type Picture } from '../picture.ts';
import { cellsFromPeaks, type Found } from './boxes.ts';

/** Runs a network that gives boxes: `image` uint8 [1, H, W, 3] in, `peaks` and `boxes` out. */
export async function findBoxes(session: OnnxSession, finder: BoxFinder, picture: Picture): Promise<Found[]> {
  const { data, sizeX, sizeY } = padded(picture, finder.step);
  const outputs = await session.run({ [session.inputNames[0]]: { data, dims: [1, sizeY, sizeX, 3] } });
  const { peaks, boxes } = outputs;
  if (!peaks || !boxes) throw new Error(`${finder.id} must return peaks and boxes`);
  if (peaks.dims[1] !== finder.kinds.length || boxes.dims[1] !== 4) {
    throw new Error(`${finder.id} returned ${peaks.dims.join('x')} peaks and ${boxes.dims.join('x')} boxes`);
  }
  return cellsFromPeaks(peaks, boxes, finder)
    .map((found) => ({ ...found, box: clipped(found.box, picture.sizeX, picture.sizeY) }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
}

/** The picture with its last column and row repeated, so that both sizes are multiples of `step`. */
function padded(picture: Picture, step: number): { data: Uint8Array; sizeX: number; sizeY: number } {
  const data = picture.data as Uint8Array;
  const sizeX = Math.ceil(picture.sizeX / step) * step;
  const sizeY = Math.ceil(picture.sizeY / step) * step;
  if (sizeX === picture.sizeX && sizeY === picture.sizeY) return { data, sizeX, sizeY };
  const larger = new Uint8Array(sizeX * sizeY * 3);
  const row = picture.sizeX * 3;
  for (let y = 0; y < sizeY; y++) {
    const from = Math.min(y, picture.sizeY - 1) * row;
    const to = y * sizeX * 3;
    larger.set(data.subarray(from, from + row), to);
    for (let x = row; x < sizeX * 3; x++) larger[to + x] = larger[to + x - 3];
  }
  return { data: larger, sizeX, sizeY };
}
