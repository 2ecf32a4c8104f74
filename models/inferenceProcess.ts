import type { PixelArray, PixelType } from '../pipeline/frame.ts';
import { bicubicMethod } from './enhancer/bicubic.ts';
import { gaussianMethod } from './enhancer/gaussian.ts';
import type { Method } from './enhancer/method.ts';
import type { MethodSpec, RunReply, RunRequest } from './inferenceMessages.ts';
import { serveRequests } from './processServer.ts';

/** The process that enhances. It owns the sessions of onnxruntime, whose runs block the thread and cannot be cancelled. */

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array } as const;

const BUILT_IN = { bicubic: bicubicMethod, gaussian: gaussianMethod } as const;

const methods = new Map<string, Method>();

serveRequests<MethodSpec, RunRequest, RunReply>({
  async load(key, spec) {
    const method = await openMethod(spec);
    await methods.get(key)?.release?.();
    methods.set(key, method);
  },
  async run(key, run, bytes) {
    const method = methods.get(key);
    if (!method) throw new Error(`${key} is not loaded`);
    const startedMs = performance.now();
    const { data, tiles } = await method.enhance({ ...run, planes: planesOf(bytes, run.pixelType, run.planes) });
    const pixelType = data instanceof Uint8Array ? 'uint8' : 'uint16';
    return { done: { pixelType, tiles, ms: performance.now() - startedMs }, data };
  },
});

async function openMethod(spec: MethodSpec): Promise<Method> {
  if (spec.kind !== 'onnx') return BUILT_IN[spec.kind](spec.magnification);
  // Loaded late: a process that only filters needs no onnxruntime.
  const { openOnnxMethod } = await import('./enhancer/onnxMethod.ts');
  return openOnnxMethod(spec);
}

/** Cuts what came over the pipe into planes, without a copy. */
function planesOf(bytes: Uint8Array<ArrayBuffer>, pixelType: PixelType, count: number): PixelArray[] {
  const ArrayType = ARRAYS[pixelType];
  const length = bytes.length / ArrayType.BYTES_PER_ELEMENT / count;
  return Array.from(
    { length: count },
    (_, i) => new ArrayType(bytes.buffer, i * length * ArrayType.BYTES_PER_ELEMENT, length),
  );
}
