import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { ClassifiedFrame, PixelArray, Plane } from '../../pipeline/frame.ts';
import { type Picture, SharedFrame } from '../../server/preview.ts';

const SIZE = 16;

function sharedFrame(data: PixelArray, normalisation = { offset: 0, scale: 100, source: 'test' }): SharedFrame {
  const samplesPerPixel = data.length === SIZE * SIZE ? 1 : 3;
  const pixelType = data instanceof Uint8Array ? 'uint8' : data instanceof Uint16Array ? 'uint16' : 'float32';
  const raw: Plane = { sizeX: SIZE, sizeY: SIZE, samplesPerPixel, pixelType, data };
  return new SharedFrame({ raw, normalisation } as ClassifiedFrame, 's');
}

/** Raw intensities as a viewer computes them. */
async function intensities({ header, bytes }: Picture): Promise<number[]> {
  const stored =
    header.encoding === 'jpeg'
      ? await sharp(bytes).raw().toBuffer()
      : header.encoding === 'uint8'
        ? bytes
        : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return Array.from(stored, (value) => value * header.intensityScale + header.intensityOffset);
}

describe('what viewers get of a frame', () => {
  it('is the plane itself for integers, not copied', () => {
    const data = Uint16Array.from({ length: SIZE * SIZE }, (_, i) => i * 200);
    expect(sharedFrame(data).full().raw.bytes.buffer).toBe(data.buffer);
  });

  it('shows float32 intensities of any range, and keeps those beyond it at its ends', async () => {
    const data = Float32Array.from({ length: SIZE * SIZE }, (_, i) => i / (SIZE * SIZE));
    data.set([-5, 100, NaN]);
    const shown = await intensities(sharedFrame(data, { offset: 0, scale: 1, source: 'test' }).full().raw);
    expect(shown.slice(0, 2)).toEqual([-1, expect.closeTo(7)]);
    for (let i = 3; i < shown.length; i++) expect(shown[i]).toBeCloseTo(data[i] as number, 3);
  });

  it('is, as JPEG, what the window shows', async () => {
    const data = new Uint16Array(SIZE * SIZE).fill(300);
    const { raw } = await sharedFrame(data).jpeg([100, 500]);
    expect((await intensities(raw))[0]).toBeCloseTo(300, -1);
    const dark = await sharedFrame(data).jpeg([400, 500]);
    expect((await intensities(dark.raw))[0]).toBe(400);
  });

  it.each([
    ['uint8', Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => [200, 100, 50][i % 3] as number), 255],
    [
      'uint16',
      Uint16Array.from({ length: SIZE * SIZE * 3 }, (_, i) => [50_000, 25_000, 9_000][i % 3] as number),
      65_535,
    ],
  ])('is colour as JPEG over the whole range of %s', async (_type, data, range) => {
    const { raw } = await sharedFrame(data).jpeg();
    const shown = await intensities(raw);
    for (let i = 0; i < 3; i++) expect(Math.abs((shown[i] as number) - (data[i] as number))).toBeLessThan(range * 0.02);
  });
});
