import { describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { writeTiff } from '../../../client/draw/tiff.ts';
import type { Picture } from '../../../client/draw/picture.ts';

const common = { sizeX: 5, sizeY: 3, intensityScale: 1, intensityOffset: 0, magnification: 1, exact: true } as const;

describe('snapshots as TIFF', () => {
  it('keep every 16-bit value', async () => {
    const data = Uint16Array.from({ length: 15 }, (_, i) => i * 4369);
    const picture: Picture = { ...common, samplesPerPixel: 1, data };
    const { data: read, info } = await sharp(writeTiff(picture, '{"picture":"µ"}'))
      .raw({ depth: 'ushort' })
      .toColourspace('grey16')
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([5, 3, 1]);
    expect([...new Uint16Array(read.buffer, read.byteOffset, 15)]).toEqual([...data]);
  });

  it('keep 8-bit colour and the description', async () => {
    const data = Uint8Array.from({ length: 45 }, (_, i) => i * 5);
    const tiff = writeTiff({ ...common, samplesPerPixel: 3, data }, 'PREDICTED by a model');
    const { data: read, info } = await sharp(tiff).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(3);
    expect([...read]).toEqual([...data]);
    expect(new TextDecoder().decode(tiff)).toContain('PREDICTED by a model');
  });
});
