import type { CellBox, PixelArray } from '../../pipeline/frame.ts';
import type { Picture } from './picture.ts';

/**
 * Any part of a picture at any size, without aliasing: a triangle as wide as one sample of the coarser grid, along rows and
 * then along columns. Outside the picture its edge is repeated.
 */

/** What is resized: samples interleaved, `samplesPerPixel` of them to a pixel. */
export interface Samples {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly data: PixelArray;
}

/** The picture at another number of pixels per raw pixel; the same when that is what it has. */
export function atScale(picture: Picture, scale: number): Picture {
  const { sizeX, sizeY, samplesPerPixel } = picture;
  const newX = Math.max(Math.round((sizeX * scale) / picture.scale), 1);
  const newY = Math.max(Math.round((sizeY * scale) / picture.scale), 1);
  if (newX === sizeX && newY === sizeY) return picture;
  const resized = resizedPart(picture, { x: 0, y: 0, width: sizeX, height: sizeY }, newX, newY);
  const data = samplesPerPixel === 3 ? asBytes(resized) : resized;
  return { ...picture, sizeX: newX, sizeY: newY, data, scale: (picture.scale * newX) / sizeX };
}

/**
 * The picture of one cell as a namer takes it: a square around the middle of its box (pixels of the picture, between edges),
 * `margin` times as large as the larger side, at `side` pixels.
 */
export function cropOf(picture: Samples, box: CellBox, margin: number, side: number): Uint8Array {
  const extent = margin * Math.max(box.width, box.height);
  const x = box.x + box.width / 2 - extent / 2;
  const y = box.y + box.height / 2 - extent / 2;
  return asBytes(resizedPart(picture, { x, y, width: extent, height: extent }, side, side));
}

function asBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(Uint8ClampedArray.from(values).buffer);
}

function resizedPart({ sizeX, sizeY, samplesPerPixel, data }: Samples, part: CellBox, newX: number, newY: number) {
  const n = samplesPerPixel;
  const rows = tapsOf(part.y, part.height, newY, sizeY);
  const firstRow = rows[0].samples[0];
  const lastRow = rows[newY - 1].samples.at(-1)!;
  const width = newX * n;
  const along = new Float32Array((lastRow - firstRow + 1) * width);
  tapsOf(part.x, part.width, newX, sizeX).forEach(({ samples, weights }, column) => {
    for (let y = firstRow; y <= lastRow; y++) {
      for (let c = 0; c < n; c++) {
        let sum = 0;
        for (let k = 0; k < samples.length; k++) sum += weights[k] * data[(y * sizeX + samples[k]) * n + c];
        along[(y - firstRow) * width + column * n + c] = sum;
      }
    }
  });
  const result = new Float32Array(newY * width);
  rows.forEach(({ samples, weights }, row) => {
    samples.forEach((sample, k) => {
      const from = (sample - firstRow) * width;
      for (let i = 0; i < width; i++) result[row * width + i] += weights[k] * along[from + i];
    });
  });
  return result;
}

/** For each new sample of the part [from, from + extent): the old samples that it is made of, in order, and their weights. */
function tapsOf(from: number, extent: number, count: number, length: number) {
  const step = extent / count;
  const reach = Math.max(step, 1);
  return Array.from({ length: count }, (_, i) => {
    const centre = from + (i + 0.5) * step - 0.5;
    const first = Math.ceil(centre - reach);
    const last = Math.floor(centre + reach);
    const raw = Array.from({ length: last - first + 1 }, (_, k) =>
      Math.max(1 - Math.abs(first + k - centre) / reach, 0),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return {
      samples: raw.map((_, k) => Math.min(Math.max(first + k, 0), length - 1)),
      weights: raw.map((weight) => weight / sum),
    };
  });
}
