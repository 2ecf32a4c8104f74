import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bicubicMethod, enlargeBicubic } from '../../../models/enhancer/bicubic.ts';
import { openSession } from '../../../models/onnxSession.ts';
import { onnxFile, TENSOR } from '../fixtures/onnxFile.ts';
import { worstDifference } from '../fixtures/worstDifference.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const noise = (length: number) => Float32Array.from({ length }, (_, i) => (i * 7919) % 1009);

/** onnxruntime's own Resize, Keys' a = -1/2. `asymmetric`: sample k of the input on sample r k of the output. */
async function resize(
  image: Float32Array,
  sizeX: number,
  sizeY: number,
  factor: number,
  registration: 'asymmetric' | 'half_pixel' = 'asymmetric',
): Promise<Float32Array> {
  const path = join(temporaryFolder('resize'), 'resize.onnx');
  const file = onnxFile({
    inputs: [{ name: 'x', type: TENSOR.float, shape: [1, 1, 'h', 'w'] }],
    outputs: [{ name: 'y', type: TENSOR.float, shape: [1, 1, 'H', 'W'] }],
    constants: [{ name: 'scales', dims: [4], data: Float32Array.of(1, 1, factor, factor) }],
    nodes: [
      {
        op: 'Resize',
        inputs: ['x', '', 'scales'],
        output: 'y',
        // The default of cubic_coeff_a is -0.75; -1/2 needs a float attribute.
        attributes: { mode: 'cubic', coordinate_transformation_mode: registration, cubic_coeff_a: { float: -0.5 } },
      },
    ],
  });
  writeFileSync(path, file);
  const session = await openSession(path, { provider: 'cpu', threads: 1 });
  const { y } = await session.run({ x: { data: image, dims: [1, 1, sizeY, sizeX] } });
  await session.release();
  return y.data as Float32Array;
}

describe('enlargeBicubic', () => {
  it.each([2, 4])('agrees with onnxruntime at x%i, borders included', async (factor) => {
    const [sizeX, sizeY] = [23, 17];
    const image = noise(sizeX * sizeY);
    const expected = await resize(image, sizeX, sizeY, factor);
    const got = enlargeBicubic(image, sizeX, sizeY, 1, factor);
    expect(worstDifference(got, expected)).toBeLessThan(2e-3);
  });

  it('keeps measured samples where they are', () => {
    const image = noise(12 * 10);
    const large = enlargeBicubic(image, 12, 10, 1, 2);
    for (let y = 0; y < 10; y++) for (let x = 0; x < 12; x++) expect(large[2 * y * 24 + 2 * x]).toBe(image[y * 12 + x]);
  });

  it('is exact on a plane, away from the border', () => {
    const image = Float32Array.from({ length: 100 }, (_, i) => 3 * (i % 10) + 5 * Math.floor(i / 10));
    const large = enlargeBicubic(image, 10, 10, 1, 2);
    for (let y = 2; y < 16; y++)
      for (let x = 2; x < 16; x++) expect(large[y * 20 + x]).toBeCloseTo(1.5 * x + 2.5 * y, 4);
  });

  it.each([2, 4])('aligns the edges of a colour picture at x%i, each colour by itself', async (factor) => {
    const [red, green, blue] = [noise(30), noise(60).subarray(30), noise(90).subarray(60)];
    const colour = Float32Array.from({ length: 90 }, (_, i) => [red, green, blue][i % 3][Math.floor(i / 3)]);
    const large = enlargeBicubic(colour, 6, 5, 3, factor);
    for (const [sample, plane] of [red, green, blue].entries()) {
      const alone = await resize(plane, 6, 5, factor, 'half_pixel');
      expect(
        worstDifference(
          large.filter((_, i) => i % 3 === sample),
          alone,
        ),
      ).toBeLessThan(2e-3);
    }
  });
});

describe('bicubicMethod', () => {
  const input = { sizeX: 4, sizeY: 1, samplesPerPixel: 1, offset: 0, scale: 1, gain: 16 } as const;

  it('stores counts times gain, clipped to 16 bits', async () => {
    const { data } = await bicubicMethod(1).enhance({ ...input, planes: [Uint16Array.of(0, 1, 4095, 5000)] });
    expect(data).toEqual(Uint16Array.of(0, 16, 65520, 65535));
    const edge = await bicubicMethod(2).enhance({ ...input, planes: [Uint16Array.of(0, 0, 4095, 4095)] });
    expect(Math.min(...edge.data)).toBe(0); // The undershoot of the kernel.
    expect(Math.max(...edge.data)).toBe(65535); // The overshoot.
  });

  it('keeps 8-bit colour in 8 bits', async () => {
    const planes = [Uint8Array.of(255, 0, 10, 255, 0, 20)];
    const { data } = await bicubicMethod(2).enhance({ ...input, sizeX: 2, samplesPerPixel: 3, gain: 1, planes });
    expect(data).toBeInstanceOf(Uint8Array);
    expect([...data.subarray(0, 9)]).toEqual([255, 0, 9, 255, 0, 12, 255, 0, 18]);
  });
});
