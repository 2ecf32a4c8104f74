import { resampled } from '../evaluate/classify/resample.ts';
import type { Picture } from './picture.ts';

/** The picture at another number of pixels per raw pixel, without aliasing; the same when that is what it has. */
export function atScale(picture: Picture, scale: number): Picture {
  const { samplesPerPixel, sizeX, sizeY, data } = picture;
  const newX = Math.max(Math.round((sizeX * scale) / picture.scale), 1);
  const newY = Math.max(Math.round((sizeY * scale) / picture.scale), 1);
  if (newX === sizeX && newY === sizeY) return picture;
  const resized =
    samplesPerPixel === 3
      ? resampled({ sizeX, sizeY, data: data as Uint8Array }, newX, newY, 'triangle').data
      : resizeGrey(data as Float32Array, sizeX, sizeY, newX, newY);
  return { ...picture, sizeX: newX, sizeY: newY, data: resized, scale: (picture.scale * newX) / sizeX };
}

/** With a triangle as wide as one sample of the coarser grid; edges aligned, borders normalised. */
function resizeGrey(data: Float32Array, sizeX: number, sizeY: number, newX: number, newY: number): Float32Array {
  const along = new Float32Array(newX * sizeY);
  tapsOf(sizeX, newX).forEach(({ from, weights }, x) => {
    for (let y = 0; y < sizeY; y++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * data[y * sizeX + from + k];
      along[y * newX + x] = sum;
    }
  });
  const result = new Float32Array(newX * newY);
  tapsOf(sizeY, newY).forEach(({ from, weights }, y) => {
    for (let k = 0; k < weights.length; k++) {
      const row = (from + k) * newX;
      for (let x = 0; x < newX; x++) result[y * newX + x] += weights[k] * along[row + x];
    }
  });
  return result;
}

function tapsOf(before: number, after: number): { readonly from: number; readonly weights: number[] }[] {
  const step = before / after;
  const width = Math.max(step, 1);
  return Array.from({ length: after }, (_, i) => {
    const centre = (i + 0.5) * step - 0.5;
    const from = Math.max(Math.ceil(centre - width), 0);
    const to = Math.min(Math.floor(centre + width), before - 1);
    const raw = Array.from({ length: to - from + 1 }, (_, k) => Math.max(1 - Math.abs(from + k - centre) / width, 0));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { from, weights: raw.map((weight) => weight / sum) };
  });
}
