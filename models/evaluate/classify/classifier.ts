import { ConfigError } from '../../../pipeline/errors.ts';
import { decide, type Answer } from './answer.ts';
import type { Networks } from './networks.ts';
import type { NamingPackage } from './packages.ts';
import { resampled } from './resample.ts';
import { cropped, type Rgb, type Square } from './rgb.ts';

export interface Classifier {
  readonly id: string;
  /** Trainings of one design: their figures are averaged, and their spread is told. */
  readonly family: string;
  readonly description: string;
  /** Answers over the evaluation's classes; `cell` is the square of the cell's larger side, the same in every picture. */
  classify(pictures: readonly Rgb[], cell: Square): Promise<Answer[]>;
}

/** Pixels along a side of the picture that every classifier gets, whatever it makes of it (source: 64 to 224). */
export const VIEW_SIDE = 224;
/** Pictures in one run of a network. */
const BATCH = 16;

/**
 * Loads a classifier under a name. `classes` are the evaluation's; any others of the package have no say. Throws ConfigError
 * when the package does not know one.
 */
export async function openClassifier(
  networks: Networks,
  model: NamingPackage,
  name: string,
  classes: readonly string[],
): Promise<Classifier> {
  const own = model.classes.map((each) => each.toLowerCase());
  const kept = classes.map((each) => own.indexOf(each));
  const unknown = classes.filter((_, k) => kept[k] < 0);
  if (unknown.length > 0) {
    throw new ConfigError(
      `${name} knows ${own.join(', ')}, not ${unknown.join(', ')} (leave classes out with --without)`,
    );
  }
  const key = `name ${name}`;
  await networks.open(key, model.weights);
  return {
    id: name,
    family: familyOf(name),
    description: `version ${model.version}, ${model.side}x${model.side} pixels, temperature ${model.temperature}`,
    async classify(pictures, cell) {
      const answers: Answer[] = [];
      for (let from = 0; from < pictures.length; from += BATCH) {
        const inputs = pictures.slice(from, from + BATCH).map((picture) => inputOf(picture, cell, model));
        const logits = await logitsOf(networks, key, model, inputs);
        answers.push(...logits.map((values) => decide(values, model, kept)));
      }
      return answers;
    },
  };
}

/** `smear-name-seed3`, `smear-name-s3` and `smear-name` are trainings of one design. */
export function familyOf(name: string): string {
  return name.replace(/[-_]?s(eed)?[-_]?\d+$/, '');
}

/** Through the common view first, so that resampling is the same for every arm; then what the package asks for. */
function inputOf(picture: Rgb, cell: Square, { side, margin }: NamingPackage): Rgb {
  const view = resampled(picture, VIEW_SIDE, VIEW_SIDE, 'triangle');
  if (margin === undefined) return resampled(view, side, side, 'triangle');
  const scale = VIEW_SIDE / picture.sizeX;
  const cropSide = Math.max(Math.round(margin * cell.side * scale), 1);
  const middle = (start: number): number => (start + cell.side / 2) * scale;
  const square = {
    left: Math.round(middle(cell.left) - cropSide / 2),
    top: Math.round(middle(cell.top) - cropSide / 2),
    side: cropSide,
  };
  return resampled(cropped(view, square), side, side, 'triangle');
}

async function logitsOf(
  networks: Networks,
  key: string,
  { inputs: [input], side, classes }: NamingPackage,
  pictures: readonly Rgb[],
): Promise<Float32Array[]> {
  const cells = new Uint8Array(pictures.length * side * side * 3);
  pictures.forEach(({ data }, i) => cells.set(data, i * side * side * 3));
  const outputs = await networks.run(key, { [input]: { data: cells, dims: [pictures.length, side, side, 3] } });
  const [{ data, dims }] = Object.values(outputs);
  if (!(data instanceof Float32Array) || dims.join() !== [pictures.length, classes.length].join()) {
    throw new Error(`${key} returned ${dims.join('x')} where ${pictures.length}x${classes.length} was expected`);
  }
  return pictures.map((_, i) => data.subarray(i * classes.length, (i + 1) * classes.length));
}
