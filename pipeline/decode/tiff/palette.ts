import type { ByteSource } from '../byteSource.ts';
import { type Ifd, readNumbers, readText, TAG } from './ifd.ts';

const MAX_TEXT_BYTES = 64 * 1024;

/**
 * True when the numbers behind a palette are intensities: shown in a colour, but measured. So they are in every file of
 * ImageJ, which writes a picture with a look-up table so, and where red, green and blue only grow along the palette.
 */
export async function paletteShowsIntensity(source: ByteSource, ifd: Ifd): Promise<boolean> {
  const description = await readText(source, ifd, TAG.imageDescription, MAX_TEXT_BYTES);
  if (description?.startsWith('ImageJ=')) return true;
  const colours = await readNumbers(source, ifd, TAG.colourMap, 3 * 65_536);
  const size = colours.length / 3;
  return size > 0 && colours.every((value, i) => i % size === 0 || value >= colours[i - 1]);
}
