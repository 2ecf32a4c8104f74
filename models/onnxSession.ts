import * as ort from 'onnxruntime-node';
import type { ProviderName } from './executionProvider.ts';

/**
 * The one door to onnxruntime. `run` blocks the calling thread until the result is there and cannot be cancelled, and a
 * fault in native code ends the process: open sessions only where that is allowed to happen.
 */

export type TensorData = Float32Array | Uint16Array | Uint8Array | Int32Array | BigInt64Array;

export interface TensorValue {
  readonly data: TensorData;
  readonly dims: readonly number[];
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Outputs are fresh arrays, owned by the caller. Input arrays are free again when it resolves. */
  run(feeds: Readonly<Record<string, TensorValue>>): Promise<Record<string, TensorValue>>;
  release(): Promise<void>;
}

export interface SessionSettings {
  readonly provider: ProviderName;
  readonly threads: number;
}

/** Throws what onnxruntime throws: a damaged model, a provider whose libraries are absent ... */
export async function openSession(path: string, { provider, threads }: SessionSettings): Promise<OnnxSession> {
  const session = await ort.InferenceSession.create(path, {
    executionProviders: [provider],
    // Anything less runs quantised models in float and convolutions without their blocked layout.
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // A spinning thread takes the core from the decoder and the encoder beside it.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      const tensors = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]));
      const results = await session.run(tensors);
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, { data: tensor.data as TensorData, dims: tensor.dims }]),
      );
    },
    release: () => session.release(),
  };
}

function toTensor({ data, dims }: TensorValue): ort.Tensor {
  return new ort.Tensor(typeOf(data), data as never, dims);
}

function typeOf(data: TensorData): 'float32' | 'uint16' | 'uint8' | 'int32' | 'int64' {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Uint16Array) return 'uint16';
  if (data instanceof Uint8Array) return 'uint8';
  return data instanceof Int32Array ? 'int32' : 'int64';
}
