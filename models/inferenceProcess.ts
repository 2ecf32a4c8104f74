import { Socket } from 'node:net';
import type { PixelArray, PixelType } from '../pipeline/frame.ts';
import { messageOf } from '../pipeline/errors.ts';
import { bicubicMethod } from './enhancer/bicubic.ts';
import { gaussianMethod } from './enhancer/gaussian.ts';
import type { Method } from './enhancer/method.ts';
import { createMessageReader, writeMessage, type Message } from './framing.ts';
import { createScratch } from './enhancer/scratch.ts';
import {
  PIPE_FD,
  type MethodSpec,
  type Reply,
  type Request,
  type RunReply,
  type RunRequest,
} from './inferenceMessages.ts';

/**
 * The process that enhances. It owns the sessions of onnxruntime, whose runs block the thread and cannot be cancelled, and
 * does one request after the other. The service may kill it at any moment; it ends by itself when the service is gone.
 */

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array } as const;

const BUILT_IN = { bicubic: bicubicMethod, gaussian: gaussianMethod } as const;

const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: true });
const methods = new Map<string, Method>();

// Ctrl-C reaches the whole process group; the service decides when it is time to end.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
pipe.on('end', () => process.exit(0));
pipe.on('error', () => process.exit(0));

let last: Promise<void> = Promise.resolve();
pipe.on(
  'data',
  createMessageReader<Request>(
    (message) => {
      last = last.then(() => answer(message));
    },
    // The service sends a request only when the one before is answered, so its memory is free again.
    createScratch((sizeBytes) => new ArrayBuffer(sizeBytes)),
  ),
);

async function answer({ header, bytes }: Message<Request>): Promise<void> {
  const { id } = header;
  try {
    const { run, data } = await serve(header, bytes);
    await writeMessage(pipe, { id, ok: true, run } satisfies Reply, data ? [data] : []);
  } catch (error) {
    await writeMessage(pipe, { id, ok: false, problem: messageOf(error) } satisfies Reply);
  }
}

async function serve(request: Request, bytes: Uint8Array<ArrayBuffer>): Promise<{ run?: RunReply; data?: PixelArray }> {
  switch (request.op) {
    case 'load': {
      const method = await openMethod(request.spec);
      await methods.get(request.key)?.release?.();
      methods.set(request.key, method);
      return {};
    }
    case 'run':
      return runMethod(request.key, request.run, bytes);
  }
}

async function openMethod(spec: MethodSpec): Promise<Method> {
  if (spec.kind !== 'onnx') return BUILT_IN[spec.kind](spec.magnification);
  // Loaded late: a process that only filters needs no onnxruntime.
  const { openOnnxMethod } = await import('./enhancer/onnxMethod.ts');
  return openOnnxMethod(spec);
}

async function runMethod(
  key: string,
  run: RunRequest,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ run: RunReply; data: PixelArray }> {
  const method = methods.get(key);
  if (!method) throw new Error(`${key} is not loaded`);
  const startedMs = performance.now();
  const { data, tiles } = await method.enhance({ ...run, planes: planesOf(bytes, run.pixelType, run.planes) });
  const pixelType = data instanceof Uint8Array ? 'uint8' : 'uint16';
  return { run: { pixelType, tiles, ms: performance.now() - startedMs }, data };
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
