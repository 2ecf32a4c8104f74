import type { PixelType } from '../pipeline/frame.ts';
import type { ProviderName } from './executionProvider.ts';
import type { ModelManifest } from './manifest.ts';

/** What the inference process loads, does and answers (`processMessages.ts`). Pixels follow as raw bytes. */

export type MethodSpec = BuiltInSpec | OnnxSpec;

export interface BuiltInSpec {
  readonly kind: 'bicubic' | 'gaussian';
  readonly magnification: number;
}

export interface OnnxSpec {
  readonly kind: 'onnx';
  readonly manifest: ModelManifest;
  readonly provider: ProviderName;
  readonly threads: number;
  /** Input pixels along a side; larger frames are tiled. */
  readonly tileLimit: number;
}

/** One frame; its planes follow, oldest first, the frame itself last. */
export interface RunRequest {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  readonly planes: number;
  readonly offset: number;
  readonly scale: number;
  readonly gain: number;
  readonly gaussianSigma?: number;
}

export interface RunReply {
  readonly pixelType: 'uint8' | 'uint16';
  readonly tiles: number;
  /** Time of the method itself, without the way here and back. */
  readonly ms: number;
}
