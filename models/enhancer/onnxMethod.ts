import type { OnnxSpec } from '../inferenceMessages.ts';
import { openSession } from '../onnxSession.ts';
import { createColourModel } from './colourModel.ts';
import { createCountsModel } from './countsModel.ts';
import type { Method } from './method.ts';
import { createTensorModel } from './tensorModel.ts';

const CREATE = { counts: createCountsModel, colour: createColourModel, tensor: createTensorModel } as const;

/** Opens a model package as a method. */
export async function openOnnxMethod(spec: OnnxSpec): Promise<Method> {
  const { manifest, tileLimit } = spec;
  const session = await openSession(manifest.weights.path, spec);
  return {
    magnification: manifest.magnification,
    enhance: CREATE[manifest.contract](session, manifest, tileLimit),
    release: () => session.release(),
  };
}
