import { z } from 'zod';

/**
 * The part of a bioimage.io model description (format 0.5, https://bioimage.io) that Scopestream uses, as it stands in the
 * file. Fields that are not named here are left alone. `manifest.ts` turns it into a `ModelManifest`.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

const axisSize = z.union([
  z.int().positive(),
  z.object({ min: z.int().positive(), step: z.int().nonnegative() }),
  z.object({ tensor_id: z.string(), axis_id: z.string(), offset: z.int().default(0) }),
]);

const axis = z.object({
  type: z.enum(['batch', 'channel', 'index', 'time', 'space']),
  id: z.string().optional(),
  size: axisSize.optional(),
  scale: z.number().positive().default(1),
  halo: z.int().nonnegative().default(0),
  channel_names: z.array(z.string()).optional(),
});
export type AxisDescription = z.infer<typeof axis>;

/** The format's default id of a space axis is x. */
export function axisId(axis: AxisDescription): string {
  return axis.id ?? (axis.type === 'space' ? 'x' : axis.type);
}

const processing = z.object({ id: z.string(), kwargs: z.record(z.string(), z.unknown()).default({}) });
export type ProcessingDescription = z.infer<typeof processing>;

const dataDescription = z.object({
  type: z.string().default('float32'),
  range: z.tuple([z.number().nullable(), z.number().nullable()]).optional(),
});

const tensor = z.object({
  id: z.string(),
  axes: z.array(axis).min(2),
  data: z.union([dataDescription, z.array(dataDescription).min(1)]).optional(),
  test_tensor: z.object({ source: z.string(), sha256: sha256.optional() }).optional(),
  preprocessing: z.array(processing).default([]),
  postprocessing: z.array(processing).default([]),
});
export type TensorFields = z.infer<typeof tensor>;

/** What a package says to Scopestream alone, under `config.scopestream`. Each task has more to say, which stays as it is. */
const scopestreamConfig = z.looseObject({
  /** What the model is for. `enlarge-colour`: as `enhance`, for RGB. */
  task: z.enum(['enhance', 'enlarge-colour', 'find-cells', 'name-cells']).default('enhance'),
  /** `video-rate`: the fidelity ladder may step down to this model, and colour frames get it when nobody chose another. */
  tier: z.string().optional(),
  /** Of a colour model: `aligned` is the only registration that is served (pipeline/registration.ts). */
  pixelCentres: z.string().optional(),
  precision: z.string().optional(),
  /** A model that pleases the eye and is never offered for measurement. */
  displayOnly: z.boolean().optional(),
  /** Lowest and highest value of properties of the training data: `peak_electrons`, `row_correlation`, `line_shift_px` ... */
  ranges: z.record(z.string(), z.tuple([z.number(), z.number()])).optional(),
});
export type ScopestreamConfig = z.infer<typeof scopestreamConfig>;

export const packageSchema = z.object({
  type: z.literal('model'),
  format_version: z.string().regex(/^0\.5\./, 'must be 0.5.x'),
  id: z.string().optional(),
  name: z.string().min(1),
  description: z.string().default(''),
  version: z.union([z.string(), z.number()]).transform(String).default('0'),
  license: z.string().min(1),
  tags: z.array(z.string()).default([]),
  cite: z.array(z.object({ text: z.string(), doi: z.string().optional(), url: z.string().optional() })).default([]),
  inputs: z.array(tensor).min(1),
  outputs: z.array(tensor).min(1),
  weights: z.object({ onnx: z.object({ source: z.string(), sha256, opset_version: z.int().optional() }) }),
  config: z.object({ scopestream: scopestreamConfig.prefault({}) }).prefault({}),
});
export type PackageFields = z.infer<typeof packageSchema>;
