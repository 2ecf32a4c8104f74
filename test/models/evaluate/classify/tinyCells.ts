import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { stringify } from 'yaml';
import { Random } from '../../../../pipeline/source/simulator/random.ts';
import { onnxFile, TENSOR } from '../../fixtures/onnxFile.ts';

/** Small real packages and pictures: cells are discs of a colour, and the classifiers tell colours apart. */

export const COLOURS = { blue: [70, 80, 190], green: [60, 170, 80], red: [190, 70, 70] } as const;
export const CLASSES = Object.keys(COLOURS) as (keyof typeof COLOURS)[];

/** `FOLDER/CLASS/N.png`: discs of `diameter` of 120 pixels on bright glass. */
export async function writeCells(folder: string, count: number, diameter = 46): Promise<void> {
  const random = new Random(5);
  const [sizeX, sizeY] = [120, 124];
  for (const name of CLASSES) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const data = Uint8Array.from({ length: sizeX * sizeY * 3 }, (_, k) => {
        const pixel = Math.floor(k / 3);
        const distance = Math.hypot((pixel % sizeX) - sizeX / 2, Math.floor(pixel / sizeX) - sizeY / 2);
        return (distance < diameter / 2 ? COLOURS[name][k % 3] : 235) + 6 * random.uniform();
      });
      await sharp(data, { raw: { width: sizeX, height: sizeY, channels: 3 } })
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}

/** Four times the sides, each pixel repeated: the arm `nearest` as a network. `tint` adds so much green to every picture. */
export function writeTinyEnlarger(zoo: string, id: string, { displayOnly = false, tint = 0 } = {}): void {
  const weights = onnxFile({
    inputs: [{ name: 'raw', type: TENSOR.uint8, shape: [1, 'height', 'width', 3] }],
    outputs: [{ name: 'enhanced', type: TENSOR.uint8, shape: [1, 'outHeight', 'outWidth', 3] }],
    constants: [
      { name: 'tint', dims: [1, 3, 1, 1], data: Float32Array.of(0, tint, 0) },
      { name: 'low', dims: [], data: Float32Array.of(0) },
      { name: 'high', dims: [], data: Float32Array.of(255) },
    ],
    nodes: [
      { op: 'Cast', inputs: ['raw'], output: 'light', attributes: { to: TENSOR.float } },
      { op: 'Transpose', inputs: ['light'], output: 'planes', attributes: { perm: [0, 3, 1, 2] } },
      { op: 'Add', inputs: ['planes', 'tint'], output: 'tinted' },
      { op: 'Clip', inputs: ['tinted', 'low', 'high'], output: 'clipped' },
      { op: 'Concat', inputs: Array.from({ length: 16 }, () => 'clipped'), output: 'many', attributes: { axis: 1 } },
      { op: 'DepthToSpace', inputs: ['many'], output: 'large', attributes: { blocksize: 4 } },
      { op: 'Transpose', inputs: ['large'], output: 'interleaved', attributes: { perm: [0, 2, 3, 1] } },
      { op: 'Cast', inputs: ['interleaved'], output: 'enhanced', attributes: { to: TENSOR.uint8 } },
    ],
  });
  writePackage(zoo, id, weights, 'raw', 'enhanced', { task: 'enlarge-colour', displayOnly });
}

/** Takes the mean colour of what it is shown for the class; `sharpness` is how sure it is of that. */
export function writeTinyNamer(zoo: string, id: string, config: Record<string, unknown> = {}, sharpness = 0.2): void {
  const weights = onnxFile({
    inputs: [{ name: 'cells', type: TENSOR.uint8, shape: ['count', 16, 16, 3] }],
    outputs: [{ name: 'logits', type: TENSOR.float, shape: ['count', 3] }],
    constants: [
      // Blue, green, red: from red, green, blue.
      { name: 'turn', dims: [3, 3], data: Float32Array.of(0, 0, 1, 0, 1, 0, 1, 0, 0).map((x) => x * sharpness) },
    ],
    nodes: [
      { op: 'Cast', inputs: ['cells'], output: 'light', attributes: { to: TENSOR.float } },
      { op: 'ReduceMean', inputs: ['light'], output: 'colour', attributes: { axes: [1, 2], keepdims: 0 } },
      { op: 'MatMul', inputs: ['colour', 'turn'], output: 'logits' },
    ],
  });
  writePackage(zoo, id, weights, 'cells', 'logits', { task: 'name-cells', classes: CLASSES, side: 16, ...config });
}

function writePackage(
  zoo: string,
  id: string,
  weights: Buffer,
  input: string,
  output: string,
  scopestream: object,
): void {
  const folder = join(zoo, id);
  const axes = [{ type: 'batch' }, { type: 'space', id: 'y', size: 16 }, { type: 'space', id: 'x', size: 16 }];
  const manifest = {
    ...{ type: 'model', format_version: '0.5.4', id, name: id, version: '1.0.0', license: 'MIT' },
    inputs: [{ id: input, axes, data: { type: 'uint8' } }],
    outputs: [{ id: output, axes }],
    weights: { onnx: { source: 'weights.onnx', sha256: createHash('sha256').update(weights).digest('hex') } },
    config: { scopestream },
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'weights.onnx'), weights);
  writeFileSync(join(folder, 'bioimageio.yaml'), stringify(manifest));
}
