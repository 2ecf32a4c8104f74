import type { ModelManifest, TensorDescription } from '../manifest.ts';
import { axisId } from '../manifestSchema.ts';
import type { OnnxSession, TensorValue } from '../onnxSession.ts';
import { processTensor } from '../processing.ts';
import { runTiled } from '../tile.ts';
import { storeCounts, type Method, type MethodInput } from './method.ts';
import { checkFinite, checkShape } from './pictureCheck.ts';
import { createScratch } from './scratch.ts';

/**
 * Any bioimage.io package with one grey image in and one out. Its own preprocessing sees the whole frame, so that tiles
 * of one frame are treated alike. A declared finite range of the output (a probability) is spread over the stored range;
 * otherwise the output is taken for intensities in the units of the input.
 */
export function createTensorModel(session: OnnxSession, manifest: ModelManifest, limit: number): Method['enhance'] {
  const run = createTensorRun(session, manifest, limit);
  return async (input: MethodInput) => {
    if (input.samplesPerPixel !== 1) throw new Error(`${manifest.id} takes grey frames only`);
    const counts = Float32Array.from(input.planes[input.planes.length - 1]);
    const { values, tiles } = await run(counts, input.sizeX, input.sizeY);
    return { data: storeCounts(spread(values, manifest.outputs[0], input), input), tiles };
  };
}

/** A grey picture of sizeX x sizeY samples in, what the package makes of it out, with its processing before and after. */
export type TensorRun = (
  picture: Float32Array,
  sizeX: number,
  sizeY: number,
) => Promise<{ readonly values: Float32Array; readonly tiles: number }>;

export function createTensorRun(session: OnnxSession, manifest: ModelManifest, limit: number): TensorRun {
  const [image] = manifest.inputs;
  const [result] = manifest.outputs;
  const scratch = createScratch((length) => new Float32Array(length));

  return async (picture, sizeX, sizeY) => {
    const plane = processTensor(image, { data: picture, dims: dimsOf(image, sizeX, sizeY) }).data;
    const { data, tiles } = await runTiled(
      [plane],
      sizeX,
      sizeY,
      manifest,
      limit,
      scratch,
      async (tile, tileX, tileY) => {
        const output = await runTensor(session, manifest, { data: tile, dims: dimsOf(image, tileX, tileY) });
        checkShape(manifest.id, output, dimsOf(result, tileX * manifest.magnification, tileY * manifest.magnification));
        return output.data as Float32Array;
      },
    );
    const dims = dimsOf(result, sizeX * manifest.magnification, sizeY * manifest.magnification);
    const values = processTensor(result, { data, dims }).data;
    checkFinite(manifest.id, values);
    return { values, tiles };
  };
}

/** One run without any processing: the package's single input in, its single output out. */
export async function runTensor(
  session: OnnxSession,
  manifest: ModelManifest,
  value: TensorValue,
): Promise<TensorValue> {
  const [name] = session.inputNames;
  const outputs = await session.run({ [name]: value });
  const output = outputs[session.outputNames[0]];
  if (!(output.data instanceof Float32Array)) throw new Error(`${manifest.id} does not return float32`);
  return output;
}

function dimsOf(tensor: TensorDescription, sizeX: number, sizeY: number): number[] {
  return tensor.axes.map((axis) => {
    if (axis.type !== 'space') return 1;
    return axisId(axis) === 'x' ? sizeX : sizeY;
  });
}

/** Declared range -> 0..65535 / gain, so that what is stored fills 16 bits. */
function spread(values: Float32Array, { range }: TensorDescription, { gain }: MethodInput): Float32Array {
  const [low, high] = range ?? [null, null];
  if (low === null || high === null || high <= low) return values;
  const factor = 65535 / gain / (high - low);
  return values.map((value) => (value - low) * factor);
}
