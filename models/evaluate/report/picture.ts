import sharp from 'sharp';
import { centralWindow, greyOfPlane, type Grey } from '../../../pipeline/assess/grey.ts';
import { percentiles } from '../../../pipeline/assess/percentile.ts';
import type { Sample } from '../evaluation.ts';

/** Output pixels along a side of a picture in the report: shown one to one. */
const SIZE = 256;
/** Errors are shown from 0 to this share of the truth's window. */
const ERROR_SHARE = 0.25;

export interface NamedPicture {
  readonly name: string;
  /** `data:image/png;base64,...` */
  readonly picture: string;
  readonly error?: string;
}

/** Raw, every prediction and the truth of a sample, its middle, all through one window of intensity, with their errors. */
export async function picturesOf({ pair, predictions }: Sample): Promise<NamedPicture[]> {
  const truth = middle(pair.truth);
  const [low, high] = percentiles(truth.data, [0.1, 99.9]);
  const shown = (picture: Grey): Promise<string> => png(picture, low, high);
  const errorOf = (picture: Grey): Promise<string> => {
    const data = picture.data.map((value, i) => Math.abs(value - truth.data[i]));
    return png({ ...picture, data }, 0, ERROR_SHARE * (high - low));
  };
  return [
    { name: 'raw', picture: await shown(middle(repeated(greyOfPlane(pair.raw), pair.magnification))) },
    ...(await Promise.all(
      predictions.map(async ({ candidate, picture }) => {
        const part = middle(picture);
        return { name: candidate, picture: await shown(part), error: await errorOf(part) };
      }),
    )),
    { name: 'truth', picture: await shown(truth) },
  ];
}

async function png({ sizeX, sizeY, data }: Grey, low: number, high: number): Promise<string> {
  const bytes = Uint8Array.from(Uint8ClampedArray.from(data, (value) => (255 * (value - low)) / (high - low)));
  const file = await sharp(bytes, { raw: { width: sizeX, height: sizeY, channels: 1 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${file.toString('base64')}`;
}

function middle(picture: Grey): Grey {
  const { x, y, sizeX, sizeY } = centralWindow(picture, SIZE);
  const data = new Float32Array(sizeX * sizeY);
  for (let row = 0; row < sizeY; row++) {
    const start = (y + row) * picture.sizeX + x;
    data.set(picture.data.subarray(start, start + sizeX), row * sizeX);
  }
  return { sizeX, sizeY, data };
}

/** Each sample `factor` times each way: raw pixels as they are. */
function repeated({ sizeX, sizeY, data }: Grey, factor: number): Grey {
  const width = sizeX * factor;
  const larger = new Float32Array(width * sizeY * factor);
  for (let i = 0; i < larger.length; i++) {
    const y = Math.floor(Math.floor(i / width) / factor);
    larger[i] = data[y * sizeX + Math.floor((i % width) / factor)];
  }
  return { sizeX: width, sizeY: sizeY * factor, data: larger };
}
