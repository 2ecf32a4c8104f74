/** Drawing on an RGB picture of 8 bits a sample. */

import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphOf } from './bitmapFont.ts';

export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  /** R G B R G B ..., row-major. */
  readonly data: Uint8Array;
}

export type Colour = readonly [red: number, green: number, blue: number];

export const WHITE: Colour = [255, 255, 255];
export const BLACK: Colour = [0, 0, 0];

export function emptyPicture(width: number, height: number): RgbPicture {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** What lies outside the picture is left out. */
export function fillRectangle(
  { width, height, data }: RgbPicture,
  x: number,
  y: number,
  w: number,
  h: number,
  colour: Colour,
): void {
  for (let row = Math.max(0, y); row < Math.min(height, y + h); row++) {
    for (let column = Math.max(0, x); column < Math.min(width, x + w); column++) {
      data.set(colour, (row * width + column) * 3);
    }
  }
}

/** Copies `source` into `target` with its upper left corner at (x, y), each pixel `factor` x `factor` times. */
export function paste(target: RgbPicture, source: RgbPicture, x: number, y: number, factor: number): void {
  for (let row = 0; row < source.height * factor; row++) {
    const from = Math.floor(row / factor) * source.width * 3;
    const to = ((y + row) * target.width + x) * 3;
    if (factor === 1) {
      target.data.set(source.data.subarray(from, from + source.width * 3), to);
      continue;
    }
    for (let column = 0; column < source.width * factor; column++) {
      const at = from + Math.floor(column / factor) * 3;
      for (let sample = 0; sample < 3; sample++) target.data[to + column * 3 + sample] = source.data[at + sample]!;
    }
  }
}

/** Width of a text in pixels, at this size of a font's pixel. */
export function textWidth(text: string, size: number): number {
  return text.length * (GLYPH_WIDTH + 1) * size - size;
}

/** Text on a dark plate, so that it can be read on any picture. (x, y) is its upper left corner. */
export function drawText(picture: RgbPicture, text: string, x: number, y: number, size: number, colour: Colour): void {
  fillRectangle(picture, x - size, y - size, textWidth(text, size) + 2 * size, (GLYPH_HEIGHT + 2) * size, BLACK);
  [...text].forEach((letter, at) => {
    const left = x + at * (GLYPH_WIDTH + 1) * size;
    glyphOf(letter)?.forEach((row, line) => {
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        const isSet = (row >> (GLYPH_WIDTH - 1 - column)) & 1;
        if (isSet) fillRectangle(picture, left + column * size, y + line * size, size, size, colour);
      }
    });
  });
}
