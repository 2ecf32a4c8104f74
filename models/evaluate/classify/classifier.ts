import { ConfigError } from '../../../pipeline/errors.ts';
import { cropOf } from '../../classifier/resize.ts';
import { decide, type Answer } from './answer.ts';
import type { Networks } from './networks.ts';
import type { NamingPackage } from './packages.ts';
import { resampled } from './resample.ts';
import type { Rgb, Square } from './rgb.ts';

export interface Classifier {
  readonly id: string;
  /** Trainings of one design: their figures are averaged, and their spread is told. */
  readonly family: string;
  readonly description: string;
  readonly input: InputSettings;
  /** Answers over the evaluation's classes to `count` inputs, one after the other in `inputs`. Rejects with EnhanceError. */
  classify(inputs: Uint8Array, count: number): Promise<Answer[]>;
}

/** What a classifier sees of a cell. */
export interface InputSettings {
  /** Pixels along a side. */
  readonly side: number;
  /** Side of what it sees over the larger side of the cell's box; absent: the whole picture. */
  readonly margin?: number;
}

/** Pictures in one run of a network. */
const BATCH = 16;

/**
 * Loads a classifier. `classes` are the evaluation's; any others of the package have no say. Throws ConfigError when the
 * package does not know one.
 */
export async function openClassifier(
  networks: Networks,
  model: NamingPackage,
  { name, family }: { readonly name: string; readonly family: string },
  classes: readonly string[],
): Promise<Classifier> {
  const own = model.classes.map((each) => each.toLowerCase());
  const kept = classes.map((each) => own.indexOf(each));
  const unknown = classes.filter((_, k) => kept[k] < 0);
  if (unknown.length > 0) {
    const left = `leave classes out with --without`;
    throw new ConfigError(`${name} knows ${own.join(', ')}, not ${unknown.join(', ')} (${left})`);
  }
  const key = `name ${name}`;
  await networks.open(key, model.weights.path);
  const { side, margin, version, temperature } = model;
  const pixels = side * side * 3;
  return {
    id: name,
    family,
    description: `version ${version}, ${side}x${side} pixels, temperature ${temperature.toFixed(3)}`,
    input: { side, margin },
    async classify(inputs, count) {
      const answers: Answer[] = [];
      for (let from = 0; from < count; from += BATCH) {
        const size = Math.min(BATCH, count - from);
        const data = inputs.slice(from * pixels, (from + size) * pixels);
        const logits = await networks.run(key, { data, dims: [size, side, side, 3] });
        if (!(logits.data instanceof Float32Array) || logits.dims.join() !== `${size},${own.length}`) {
          throw new Error(`${name} returned ${logits.dims.join('x')} where ${size}x${own.length} was expected`);
        }
        for (let i = 0; i < size; i++) {
          answers.push(decide(logits.data.subarray(i * own.length, (i + 1) * own.length), model, kept));
        }
      }
      return answers;
    },
  };
}

/** `smear-name-seed3`, `smear-name-s3` and `smear-name` are trainings of one design. */
export function familyOf(name: string): string {
  return name.replace(/[-_]?s(eed)?[-_]?\d+$/, '');
}

/** What a classifier sees of views, one after the other; `cell` is the square of the cell in every view. */
export function inputsOf(views: readonly Rgb[], cell: Square, { side, margin }: InputSettings): Uint8Array {
  const inputs = new Uint8Array(views.length * side * side * 3);
  const box = { x: cell.left, y: cell.top, width: cell.side, height: cell.side };
  views.forEach((view, i) => {
    const seen =
      margin === undefined
        ? resampled(view, side, side, 'triangle').data
        : cropOf({ ...view, samplesPerPixel: 3 }, box, margin, side);
    inputs.set(seen, i * side * side * 3);
  });
  return inputs;
}
