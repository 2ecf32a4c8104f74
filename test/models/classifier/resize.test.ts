import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { atScale, cropOf } from '../../../models/classifier/resize.ts';
import { python } from '../../fixtures/python.ts';
import { worstDifference } from '../fixtures/worstDifference.ts';

const [SIZE_X, SIZE_Y] = [70, 50];
const data = Uint8Array.from({ length: SIZE_X * SIZE_Y * 3 }, (_, i) => {
  const pixel = Math.floor(i / 3);
  return 128 + 100 * Math.sin((pixel % SIZE_X) / 3 + i) * Math.cos(pixel / SIZE_X / 4);
});
const picture = { sizeX: SIZE_X, sizeY: SIZE_Y, samplesPerPixel: 3, data } as const;

/** The crop that the training makes: pad by repeating edges, then Pillow's triangle filter on a fractional box. */
const CROP = `
import sys, json, math, numpy as np
from PIL import Image
x, y, w, h, margin, side = json.loads(sys.argv[1])
picture = np.frombuffer(sys.stdin.buffer.read(), np.uint8).reshape(${SIZE_Y}, ${SIZE_X}, 3)
extent = margin * max(w, h)
left, top = x + w / 2 - extent / 2, y + h / 2 - extent / 2
picture = np.pad(picture, ((90, 90), (90, 90), (0, 0)), mode='edge')
box = (left + 90, top + 90, left + 90 + extent, top + 90 + extent)
sys.stdout.buffer.write(np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR, box=box)).tobytes())
`;

describe.skipIf(!python)(`the picture of one cell${python ? '' : ' (no Python with Pillow found)'}`, () => {
  it.each([
    ['enlarged', { x: 20.3, y: 11.8, width: 13, height: 11 }],
    ['reduced', { x: 5.25, y: 4, width: 40, height: 33.5 }],
    ['beyond the border', { x: -6, y: 30.5, width: 24, height: 26 }],
  ])('is that of Pillow within a level: %s', (_, box) => {
    const given = JSON.stringify([box.x, box.y, box.width, box.height, 1.3, 24]);
    const expected = execFileSync(python!, ['-c', CROP, given], { input: data });
    expect(worstDifference(cropOf(picture, box, 1.3, 24), expected)).toBeLessThanOrEqual(1);
  });
});

describe('another scale', () => {
  const grey = {
    sizeX: 40,
    sizeY: 30,
    samplesPerPixel: 1,
    data: new Float32Array(1200).fill(0.5),
    scale: 2,
    origin: 0.25,
  } as const;

  it('keeps the place on the raw pixels and what is flat', () => {
    const half = atScale(grey, 1);
    expect(half).toMatchObject({ sizeX: 20, sizeY: 15, scale: 1, origin: 0.25 });
    half.data.forEach((value) => expect(value).toBeCloseTo(0.5, 6));
    expect(atScale(grey, 2)).toBe(grey);
  });

  it('averages over what it drops', () => {
    const stripes = { ...grey, data: Float32Array.from({ length: 1200 }, (_, i) => i % 2) };
    // The triangle reaches over four columns: away from the border the stripes are gone.
    atScale(stripes, 1).data.forEach((value, i) => i % 20 > 0 && i % 20 < 19 && expect(value).toBeCloseTo(0.5, 5));
  });
});
