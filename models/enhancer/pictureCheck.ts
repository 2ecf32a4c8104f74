import type { TensorValue } from '../onnxSession.ts';
import type { MethodInput } from './method.ts';

/** Recognises results that are no pictures: a broken model must cost a frame, not pass for a measurement. */

/** Throws when the output has another shape than the contract says. */
export function checkShape(model: string, tensor: TensorValue | undefined, dims: readonly number[]): void {
  if (!tensor) throw new Error(`${model} returned no output of the expected name`);
  if (tensor.dims.join() !== dims.join()) {
    throw new Error(`${model} returned ${tensor.dims.join('x')} where ${dims.join('x')} was expected`);
  }
}

/** Throws when a value is NaN or infinite. */
export function checkFinite(model: string, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new Error(`${model} returned ${values[i]} at sample ${i}`);
  }
}

/** The mean may move by this share of the frame's range before the picture is taken for garbage. */
const MEAN_TOLERANCE = 0.5;
/** A frame that spans less than this share of the session's range, or fewer stored values, may well become flat. */
const LEAST_STRUCTURE = 0.1;
const LEAST_STORED_VALUES = 16;

/**
 * Throws when an image in counts cannot come from the frame: NaN becomes 0 or 65535 on its way to an integer, so a flat
 * picture of a frame with structure, or a mean far from the frame's, is garbage.
 */
export function checkPicture(model: string, stored: Uint16Array | Uint8Array, input: MethodInput): void {
  const { scale, gain } = input;
  const picture = summary(stored);
  const raw = summary(input.planes[input.planes.length - 1]);
  const structure = raw.max - raw.min;
  const hasStructure = structure > LEAST_STRUCTURE * scale && structure * gain >= LEAST_STORED_VALUES;
  if (picture.min === picture.max && hasStructure) {
    throw new Error(`${model} returned a flat picture: every sample is ${picture.min}`);
  }
  const mean = picture.mean / gain;
  if (Math.abs(mean - raw.mean) > MEAN_TOLERANCE * Math.max(scale, raw.mean)) {
    throw new Error(
      `${model} returned garbage: mean intensity ${mean.toFixed(1)} where raw has ${raw.mean.toFixed(1)}`,
    );
  }
}

function summary(values: ArrayLike<number>): { readonly min: number; readonly max: number; readonly mean: number } {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  return { min, max, mean: sum / values.length };
}
