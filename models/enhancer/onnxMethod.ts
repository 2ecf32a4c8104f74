import type { OnnxSpec } from '../inferenceMessages.ts';
import { openSession } from '../onnxSession.ts';
import { createCountsModel } from './countsModel.ts';
import type { Method } from './method.ts';
import { createTensorModel } from './tensorModel.ts';

/** Opens a model package as a method. */
export async function openOnnxMethod(spec: OnnxSpec): Promise<Method> {
  const { manifest, tileLimit } = spec;
  const session = await openSession(manifest.weights.path, spec);
  const create = manifest.contract === 'counts' ? createCountsModel : createTensorModel;
  return {
    magnification: manifest.magnification,
    enhance: create(session, manifest, tileLimit),
    release: () => session.release(),
  };
}
