import type { TensorDescription } from './manifest.ts';
import { axisId, type ProcessingDescription } from './manifestSchema.ts';

/**
 * Pre- and postprocessing steps of bioimage.io model packages (format 0.5), on float32 tensors. Definitions:
 * https://bioimage-io.github.io/spec-bioimage-io. A step that is not here is refused by name.
 */

export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

type Arguments = Readonly<Record<string, unknown>>;
type Step = (tensor: FloatTensor, kwargs: Arguments, axes: readonly string[]) => Float32Array;

const STEPS: Readonly<Record<string, Step>> = {
  ensure_dtype: ({ data }, { dtype }) => castTo(data, String(dtype)),
  binarize: ({ data }, { threshold }) => data.map((value) => (value > Number(threshold) ? 1 : 0)),
  clip: ({ data }, { min, max }) =>
    data.map((value) => Math.min(Math.max(value, bound(min, -Infinity)), bound(max, Infinity))),
  sigmoid: ({ data }) => data.map((value) => 1 / (1 + Math.exp(-value))),
  scale_linear: (tensor, { gain = 1, offset = 0, axis }, axes) => {
    const channel = axis === undefined ? -1 : axes.indexOf(String(axis));
    const at = (values: unknown, k: number) => Number(Array.isArray(values) ? values[k % values.length] : values);
    return mapIndexed(tensor, (value, position) => {
      const k = channel < 0 ? 0 : position(channel);
      return value * at(gain, k) + at(offset, k);
    });
  },
  fixed_zero_mean_unit_variance: ({ data }, { mean, std }) => data.map((value) => (value - Number(mean)) / Number(std)),
  zero_mean_unit_variance: (tensor, kwargs, axes) =>
    byGroup(tensor, kwargs, axes, (values) => {
      const { mean, std } = moments(values);
      const eps = Number(kwargs.eps ?? 1e-6);
      return (value) => (value - mean) / (std + eps);
    }),
  scale_range: (tensor, kwargs, axes) => {
    if (kwargs.reference_tensor !== undefined) throw new Error('scale_range with a reference tensor is not supported');
    const eps = Number(kwargs.eps ?? 1e-6);
    return byGroup(tensor, kwargs, axes, (values) => {
      const sorted = values.slice().sort();
      const low = percentile(sorted, Number(kwargs.min_percentile ?? 0));
      const high = percentile(sorted, Number(kwargs.max_percentile ?? 100));
      return (value) => (value - low) / (high - low + eps);
    });
  },
};

/** The tensor after the steps that its description names, in order. Throws Error naming a step that is not supported. */
export function processTensor(description: TensorDescription, tensor: FloatTensor): FloatTensor {
  const axes = description.axes.map(axisId);
  return description.processing.reduce<FloatTensor>(
    (current, step) => ({ data: stepOf(step)(current, step.kwargs, axes), dims: tensor.dims }),
    tensor,
  );
}

/** Ids of the steps that cannot be done. */
export function unsupportedSteps(description: TensorDescription): string[] {
  return description.processing.map((step) => step.id).filter((id) => !(id in STEPS));
}

function stepOf({ id }: ProcessingDescription): Step {
  const step = STEPS[id];
  if (!step) throw new Error(`processing step ${id} is not supported`);
  return step;
}

function bound(value: unknown, otherwise: number): number {
  return value === undefined || value === null ? otherwise : Number(value);
}

/** Values stay in float32 whatever the type; an integer type cuts the fraction off, as numpy does. */
function castTo(data: Float32Array, dtype: string): Float32Array {
  if (dtype.startsWith('float')) return data;
  return dtype === 'bool' ? data.map((value) => (value ? 1 : 0)) : data.map(Math.trunc);
}

function mapIndexed(
  { data, dims }: FloatTensor,
  map: (value: number, position: (axis: number) => number) => number,
): Float32Array {
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, size) => product * size, 1));
  return data.map((value, i) => map(value, (axis) => Math.floor(i / strides[axis]) % dims[axis]));
}

/**
 * Applies a map whose constants come from all samples that share a place along the axes not named in `kwargs.axes`
 * (absent: all samples together).
 */
function byGroup(
  tensor: FloatTensor,
  kwargs: Arguments,
  axes: readonly string[],
  fit: (values: Float32Array) => (value: number) => number,
): Float32Array {
  const named = kwargs.axes as readonly string[] | undefined;
  const kept = axes
    .map((_, axis) => axis)
    .filter((axis) => named && !named.includes(axes[axis]) && tensor.dims[axis] > 1);
  if (kept.length === 0) return tensor.data.map(fit(tensor.data));
  const group = mapIndexed(tensor, (_, position) =>
    kept.reduce((key, axis) => key * tensor.dims[axis] + position(axis), 0),
  );
  const result = new Float32Array(tensor.data.length);
  for (const key of new Set(group)) {
    const map = fit(tensor.data.filter((_, i) => group[i] === key));
    tensor.data.forEach((value, i) => {
      if (group[i] === key) result[i] = map(value);
    });
  }
  return result;
}

function moments(values: Float32Array): { readonly mean: number; readonly std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
}

/** Linear interpolation between order statistics, as numpy's default. */
function percentile(sorted: Float32Array, percent: number): number {
  const position = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}
