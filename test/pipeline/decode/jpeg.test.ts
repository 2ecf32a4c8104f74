import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decoderFor, decodePayload } from '../../../pipeline/decode/registry.ts';
import { python } from '../../fixtures/python.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const [SIZE_X, SIZE_Y] = [64, 48];

async function smear(channels: 1 | 3): Promise<Buffer> {
  const data = Uint8Array.from({ length: SIZE_X * SIZE_Y * channels }, (_, i) => 128 + 100 * Math.sin(i / 40));
  const picture = sharp(data, { raw: { width: SIZE_X, height: SIZE_Y, channels } });
  return (channels === 1 ? picture.toColourspace('b-w') : picture).jpeg({ quality: 92 }).toBuffer();
}

const decode = (bytes: Uint8Array, name = 'smear.jpg') => decodePayload({ kind: 'bytes', bytes, page: 0 }, name);

describe('JPEG', () => {
  it.each([1, 3] as const)('with %i samples a pixel keeps its samples', async (samplesPerPixel) => {
    const { plane } = await decode(await smear(samplesPerPixel));
    expect(plane).toMatchObject({ sizeX: SIZE_X, sizeY: SIZE_Y, samplesPerPixel, pixelType: 'uint8' });
    expect(plane.data.length).toBe(SIZE_X * SIZE_Y * samplesPerPixel);
  });

  it('that was cut off is refused by name, never padded', async () => {
    const whole = await smear(3);
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.99]) {
      await expect(decode(whole.subarray(0, Math.floor(whole.length * share)))).rejects.toThrow(/^smear\.jpg: /);
    }
  });

  it('in CMYK is refused by name', async () => {
    const cmyk = await sharp(await smear(3))
      .toColourspace('cmyk')
      .jpeg()
      .toBuffer();
    await expect(decode(cmyk)).rejects.toThrow(/smear\.jpg: has cmyk pixels/);
  });

  it('is recognised by its content', async () => {
    expect((await decoderFor(await smear(1)))?.id).toBe('jpeg');
  });
});

describe.skipIf(!python)('JPEG beside Pillow (needs Python)', () => {
  const folder = temporaryFolder('jpeg');

  it.each(['L', 'RGB'])('%s pixels are the same', async (mode) => {
    const script = `
import numpy, sys
from PIL import Image
shape = (97, 131) if sys.argv[2] == 'L' else (97, 131, 3)
pixels = numpy.random.default_rng(3).normal(120, 40, shape).clip(0, 255).astype('uint8')
Image.fromarray(pixels).save(sys.argv[1] + '.jpg', quality=85)
numpy.asarray(Image.open(sys.argv[1] + '.jpg')).tofile(sys.argv[1] + '.raw')
`;
    const path = join(folder, mode);
    execFileSync(python!, ['-c', script, path, mode]);
    const { plane } = await decode(readFileSync(`${path}.jpg`));
    expect(Buffer.from(plane.data as Uint8Array).equals(readFileSync(`${path}.raw`))).toBe(true);
  });
});
