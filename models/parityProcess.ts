import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ProviderName } from './executionProvider.ts';
import { describeTensor, type TensorDescription } from './manifest.ts';
import { parseNpy, type NpyArray } from './npy.ts';
import { openSession, type OnnxSession, type TensorValue } from './onnxSession.ts';
import { checkWeights, ManifestError, readFields } from './packageFolder.ts';
import type { Parity, ParitySpec } from './parity.ts';
import { processTensor, type FloatTensor } from './processing.ts';
import { serveRequests } from './processServer.ts';

/** The process that runs a package's own test on an execution provider (`parity.ts`). It holds one package at a time. */

/** Enough for a test; the figures do not depend on it. */
const THREADS = 2;

interface LoadedTest {
  readonly folder: string;
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  readonly session: OnnxSession;
  /** Of the CPU, for what is not on the CPU. */
  readonly cpu?: OnnxSession;
}

let loaded: LoadedTest | undefined;

serveRequests<ParitySpec, null, readonly Parity[]>({
  async load(_, { folder, provider }) {
    await loaded?.session.release();
    await loaded?.cpu?.release();
    loaded = undefined;
    const fields = await readFields(folder);
    const { path } = await checkWeights(folder, fields.weights.onnx);
    const open = (on: ProviderName): Promise<OnnxSession> => openSession(path, { provider: on, threads: THREADS });
    loaded = {
      folder,
      inputs: fields.inputs.map((tensor) => describeTensor(folder, tensor, tensor.preprocessing)),
      outputs: fields.outputs.map((tensor) => describeTensor(folder, tensor, tensor.postprocessing)),
      session: await open(provider),
      cpu: provider === 'cpu' ? undefined : await open('cpu'),
    };
  },
  async run() {
    if (!loaded) throw new Error('no package is loaded');
    const results = await resultsOf(loaded, loaded.session);
    const references = loaded.cpu
      ? await resultsOf(loaded, loaded.cpu)
      : await Promise.all(loaded.outputs.map((output) => readTest(loaded!.folder, output)));
    const done = loaded.outputs.map(({ id }, k) => ({
      output: id,
      ...difference(results[k].data, references[k].data),
    }));
    return { done };
  },
});

/** What the session makes of the package's test inputs, its processing before and after included, output by output. */
async function resultsOf({ folder, inputs, outputs }: LoadedTest, session: OnnxSession): Promise<ArrayOf[]> {
  const feeds: Record<string, TensorValue> = {};
  for (const [k, input] of inputs.entries()) {
    const { data, dims } = processed(input, await readTest(folder, input));
    feeds[nameIn(session.inputNames, input.id, k)] = {
      data: data instanceof Float64Array ? Float32Array.from(data) : data,
      dims,
    };
  }
  const results = await session.run(feeds);
  return outputs.map((output, k) => {
    const { data, dims } = results[nameIn(session.outputNames, output.id, k)];
    const values = data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
    return processed(output, { data: values, dims });
  });
}

interface ArrayOf {
  readonly data: Float32Array | Float64Array | Uint16Array | Uint8Array | Int32Array;
  readonly dims: readonly number[];
}

/** Tensors without processing keep their type. */
function processed(description: TensorDescription, value: ArrayOf): ArrayOf {
  if (description.processing.length === 0) return value;
  return processTensor(description, { ...value, data: Float32Array.from(value.data) } satisfies FloatTensor);
}

/** The package's id of a tensor is that of the graph, or stands for the one at the same place. */
function nameIn(names: readonly string[], id: string, place: number): string {
  return names.includes(id) ? id : names[place];
}

/** Throws ManifestError when the package has no such test, or not the one that it names. */
async function readTest(folder: string, { id, testTensor }: TensorDescription): Promise<NpyArray> {
  if (!testTensor) throw new ManifestError(folder, `${id} has no test tensor`);
  const file = await readFile(testTensor.path);
  const sha256 = createHash('sha256').update(file).digest('hex');
  if (testTensor.sha256 !== undefined && testTensor.sha256 !== sha256) {
    throw new ManifestError(folder, `${id}.test_tensor.sha256: the file's is ${sha256}`);
  }
  return parseNpy(file, testTensor.path);
}

function difference(values: ArrayLike<number>, reference: ArrayLike<number>): Omit<Parity, 'output'> {
  if (values.length !== reference.length) throw new Error(`${values.length} values in place of ${reference.length}`);
  const n = reference.length;
  let [mean, low, high] = [0, Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    mean += reference[i] / n;
    low = Math.min(low, reference[i]);
    high = Math.max(high, reference[i]);
  }
  let [squares, signal, worst] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const error = Math.abs(values[i] - reference[i]);
    squares += error ** 2;
    signal += (reference[i] - mean) ** 2;
    worst = Math.max(worst, error);
  }
  return { relative: share(Math.sqrt(squares), Math.sqrt(signal)), worst: share(worst, high - low) };
}

/** Of a reference in which nothing varies, any difference is infinite. */
function share(part: number, whole: number): number {
  return part === 0 ? 0 : part / whole;
}
