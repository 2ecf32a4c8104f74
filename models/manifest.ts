import { basename } from 'node:path';
import {
  axisId,
  type AxisDescription,
  type PackageFields,
  type ProcessingDescription,
  type ScopestreamConfig,
  type TensorFields,
} from './manifestSchema.ts';
import { checkWeights, inside, ManifestError, readFields, type PackageWeights } from './packageFolder.ts';
import { unsupportedSteps } from './processing.ts';

export { MANIFEST_FILE, ManifestError } from './packageFolder.ts';

/**
 * Reads a model package: a folder with `bioimageio.yaml` (bioimage.io 0.5) and ONNX weights.
 *
 * Three contracts are served. `counts` is ours: `raw` uint16 [1, T, H, W] with `offset`, `scale` and `gain` as float32
 * [1, 1] in, `enhanced` uint16 [1, 1, H * r, W * r] out, everything between done inside the graph. `colour` is ours for RGB
 * (task `enlarge-colour`): uint8 [1, H, W, 3] in, uint8 [1, H * r, W * r, 3] out, edges aligned. `tensor` is any other package
 * with one float32 image in and one out; its processing steps are done by `processing.ts`.
 */

/** How many samples an image axis may have: `min`, `min + step`, ...; a step of 0 means exactly `min`. */
export interface AxisSizes {
  readonly min: number;
  readonly step: number;
}

export interface TensorDescription {
  readonly id: string;
  readonly axes: readonly AxisDescription[];
  readonly dataType: string;
  /** Declared range of the values; null where it is open. */
  readonly range?: readonly [number | null, number | null];
  readonly testTensor?: { readonly path: string; readonly sha256?: string };
  readonly processing: readonly ProcessingDescription[];
}

export interface ModelManifest {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** SPDX identifier. */
  readonly license: string;
  readonly cite: readonly { readonly text: string; readonly doi?: string; readonly url?: string }[];
  readonly folder: string;
  readonly weights: PackageWeights;
  readonly contract: 'counts' | 'colour' | 'tensor';
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  /** Output pixels per input pixel along x and y. */
  readonly magnification: number;
  /** Of input and output. */
  readonly samplesPerPixel: 1 | 3;
  /** Frames that the model looks at, oldest first: 1, or 3 for a causal temporal model. */
  readonly temporalFrames: number;
  /** Input pixels at each border whose output depends on what lies outside. */
  readonly halo: number;
  readonly sizeX: AxisSizes;
  readonly sizeY: AxisSizes;
  readonly precision: string;
  readonly scopestream: ScopestreamConfig;
}

/** Reads and checks the enhancing package in `folder`, weights' hash included. Throws ManifestError. */
export async function readManifest(folder: string): Promise<ModelManifest> {
  return manifestFrom(folder, await readFields(folder));
}

/** The same from what `readFields` has read. */
export async function manifestFrom(folder: string, fields: PackageFields): Promise<ModelManifest> {
  const contract = contractOf(fields);
  const [image, enhanced] = imageTensors(folder, fields, contract);
  const inputs = fields.inputs.map((tensor) => describeTensor(folder, tensor, tensor.preprocessing));
  const outputs = fields.outputs.map((tensor) => describeTensor(folder, tensor, tensor.postprocessing));
  if (contract === 'tensor') [...inputs, ...outputs].forEach((tensor) => requireSupported(folder, tensor));
  if (contract === 'colour') requireColour(folder, fields, [...inputs, ...outputs]);
  const magnification = magnificationOf(folder, image, enhanced);
  const halo = Math.max(...enhanced.axes.filter((axis) => axis.type === 'space').map((axis) => axis.halo));
  return {
    id: fields.id ?? basename(folder),
    name: fields.name,
    description: fields.description,
    version: fields.version,
    license: fields.license,
    cite: fields.cite,
    folder,
    weights: await checkWeights(folder, fields.weights.onnx),
    contract,
    inputs,
    outputs,
    magnification,
    samplesPerPixel: contract === 'colour' ? 3 : 1,
    temporalFrames: contract === 'counts' ? framesOf(folder, image) : 1,
    halo: Math.ceil(halo / magnification),
    sizeX: sizesOf(folder, spaceAxis(folder, image, 'x')),
    sizeY: sizesOf(folder, spaceAxis(folder, image, 'y')),
    precision: fields.config.scopestream.precision ?? 'float32',
    scopestream: fields.config.scopestream,
  };
}

const COUNTS_INPUTS = ['gain', 'offset', 'raw', 'scale'];

function contractOf(fields: PackageFields): ModelManifest['contract'] {
  if (fields.config.scopestream.task === 'enlarge-colour') return 'colour';
  const names = fields.inputs.map((input) => input.id).sort();
  return names.join() === COUNTS_INPUTS.join() && fields.outputs[0].id === 'enhanced' ? 'counts' : 'tensor';
}

function imageTensors(
  folder: string,
  fields: PackageFields,
  contract: ModelManifest['contract'],
): [TensorFields, TensorFields] {
  if (fields.outputs.length !== 1) throw new ManifestError(folder, 'outputs: exactly one is supported');
  if (contract !== 'counts' && fields.inputs.length !== 1) {
    throw new ManifestError(folder, `inputs: one image, or ${COUNTS_INPUTS.join(', ')}`);
  }
  const image = contract === 'counts' ? fields.inputs.find((input) => input.id === 'raw')! : fields.inputs[0];
  return [image, fields.outputs[0]];
}

function spaceAxis(folder: string, tensor: TensorFields, id: 'x' | 'y'): AxisDescription {
  const axis = tensor.axes.find((candidate) => candidate.type === 'space' && axisId(candidate) === id);
  if (!axis) throw new ManifestError(folder, `${tensor.id}.axes: no ${id} axis`);
  return axis;
}

function sizesOf(folder: string, axis: AxisDescription): AxisSizes {
  if (typeof axis.size === 'number') return { min: axis.size, step: 0 };
  if (axis.size && 'min' in axis.size) return axis.size;
  throw new ManifestError(folder, `size of input axis ${axisId(axis)}: must be a number or {min, step}`);
}

/** The format says: output size = input size * input scale / output scale. */
function magnificationOf(folder: string, image: TensorFields, enhanced: TensorFields): number {
  const [x, y] = (['x', 'y'] as const).map(
    (id) => spaceAxis(folder, image, id).scale / spaceAxis(folder, enhanced, id).scale,
  );
  if (x !== y || !Number.isInteger(x)) {
    throw new ManifestError(folder, `scale of the output's axes: ${x} x ${y} is not one whole magnification`);
  }
  return x;
}

function framesOf(folder: string, image: TensorFields): number {
  const axis = image.axes.find((candidate) => candidate.type === 'time' || candidate.type === 'channel');
  const frames = axis?.channel_names?.length ?? axis?.size ?? 1;
  if (typeof frames === 'number' && frames >= 1 && frames <= 3) return frames;
  throw new ManifestError(folder, `frames of ${image.id}: 1 to 3 are supported`);
}

/** A tensor of a package of any task, as it stands in the description. */
export function describeTensor(
  folder: string,
  tensor: TensorFields,
  processing: readonly ProcessingDescription[],
): TensorDescription {
  const data = Array.isArray(tensor.data) ? tensor.data[0] : tensor.data;
  const test = tensor.test_tensor;
  return {
    id: tensor.id,
    axes: tensor.axes,
    dataType: data?.type ?? 'float32',
    range: data?.range,
    testTensor: test && { path: inside(folder, test.source), sha256: test.sha256 },
    processing,
  };
}

/** One grey float32 image, with processing that is known here. */
function requireSupported(folder: string, tensor: TensorDescription): void {
  const { id, dataType, axes } = tensor;
  if (dataType !== 'float32')
    throw new ManifestError(folder, `${id}.data.type: ${dataType}; only float32 is supported`);
  if (axes.some((axis) => axis.type !== 'space' && ((axis.channel_names?.length ?? axis.size ?? 1) as number) !== 1)) {
    throw new ManifestError(folder, `${id}.axes: only one channel and one image at a time are supported`);
  }
  const steps = unsupportedSteps(tensor);
  if (steps.length > 0) throw new ManifestError(folder, `${id}: processing step ${steps.join(', ')} is not supported`);
}

const COLOUR_AXES = 'batch, y, x, channel';

/** RGB interleaved, 8 bit, edges aligned, nothing left to do before or after. */
function requireColour(folder: string, { config }: PackageFields, tensors: readonly TensorDescription[]): void {
  const { pixelCentres } = config.scopestream;
  if (pixelCentres !== undefined && pixelCentres !== 'aligned') {
    throw new ManifestError(
      folder,
      `config.scopestream.pixelCentres: ${pixelCentres}; of colour, only aligned is served`,
    );
  }
  for (const { id, axes, dataType, processing } of tensors) {
    if (dataType !== 'uint8')
      throw new ManifestError(folder, `${id}.data.type: ${dataType}; colour models take and give uint8`);
    const order = axes.map(axisId).join(', ');
    const channel = axes.at(-1)!;
    const samples = channel.channel_names?.length ?? channel.size;
    if (order !== COLOUR_AXES || samples !== 3) {
      throw new ManifestError(folder, `${id}.axes: ${order}; colour models have ${COLOUR_AXES} with three channels`);
    }
    if (processing.length > 0)
      throw new ManifestError(folder, `${id}: colour models have their processing in the graph`);
  }
}
