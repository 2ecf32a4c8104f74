import type { Prediction } from '../../pipeline/frame.ts';

/** Who predicted the pixels, for people: `Lumen M 1.2.0`, `Gaussian 2.0.0, σ 1.4 px`. */
export function predictedBy({ modelName, modelId, modelVersion, gaussianSigma }: Prediction): string {
  const width = gaussianSigma === undefined ? '' : `, σ ${gaussianSigma} px`;
  return `${modelName ?? modelId} ${modelVersion}${width}`;
}
