import { BICUBIC, MAGNIFICATION, ORIGINAL, type Arm, type ArmKind } from './arms.ts';
import type { CellPicture } from './cells.ts';
import { cleanlyReduced, instrumentReduced, type DegradationName, type InstrumentSettings } from './degradation.ts';
import { resampled } from './resample.ts';
import type { Rgb, Square } from './rgb.ts';

/**
 * What happens to the picture of a cell, the same way in every arm:
 *
 *     picture -> original (4 n) -> low (n) -> arm (4 n) -> view (224) -> what the classifier asks for
 *
 * The arm `original` skips the two steps in the middle and nothing else.
 */
export interface Protocol {
  /** Pixels along a side of the low picture, n: a power of two. */
  readonly lowSide: number;
  readonly degradations: readonly DegradationName[];
  readonly instrument: InstrumentSettings;
  /** Of all noise. */
  readonly seed: number;
}

/** One column of the evaluation: an arm, and what its low pictures went through. */
export interface Condition {
  readonly id: string;
  readonly arm: string;
  readonly kind: ArmKind;
  /** `none` for the original. */
  readonly degradation: DegradationName | 'none';
}

/** The original first, then all arms for each degradation. */
export function conditionsOf(arms: readonly Arm[], { degradations }: Protocol): Condition[] {
  const restored = degradations.flatMap((degradation) =>
    arms.map(({ id, kind }) => ({ id: `${id}, ${degradation}`, arm: id, kind, degradation })),
  );
  return [{ id: ORIGINAL, arm: ORIGINAL, kind: 'original', degradation: 'none' }, ...restored];
}

/** The picture that everything starts from, with the cell's square in it. */
export function originalOf({ picture, cell }: CellPicture, { lowSide }: Protocol): CellPicture {
  const side = lowSide * MAGNIFICATION;
  const scale = side / picture.sizeX;
  const scaled: Square = { left: cell.left * scale, top: cell.top * scale, side: cell.side * scale };
  return { picture: resampled(picture, side, side, 'bicubic'), cell: scaled };
}

/** Pixels along a side of what every classifier is given, whatever it makes of it. */
const VIEW_SIDE = 224;

/** Every picture as it is shown to the classifiers, with the cell's square in it: the same last step for every arm. */
export function viewsOf(
  pictures: readonly Rgb[],
  cell: Square,
): { readonly views: readonly Rgb[]; readonly cell: Square } {
  const scale = VIEW_SIDE / pictures[0].sizeX;
  return {
    views: pictures.map((picture) => resampled(picture, VIEW_SIDE, VIEW_SIDE, 'triangle')),
    cell: { left: cell.left * scale, top: cell.top * scale, side: cell.side * scale },
  };
}

/** The picture in each condition, in their order, all of the original's size. */
export async function restoredPictures(
  original: Rgb,
  name: string,
  arms: readonly Arm[],
  protocol: Protocol,
): Promise<Rgb[]> {
  const pictures = [original];
  for (const degradation of protocol.degradations) {
    const low = await lowPicture(original, name, degradation, protocol);
    for (const arm of arms) pictures.push(await arm.enlarge(low));
  }
  return pictures;
}

function lowPicture(original: Rgb, name: string, degradation: DegradationName, protocol: Protocol): Promise<Rgb> | Rgb {
  if (degradation === 'clean') return cleanlyReduced(original, MAGNIFICATION);
  return instrumentReduced(original, MAGNIFICATION, protocol.instrument, protocol.seed, name);
}

/** The condition that another is compared with: bicubic after the same degradation. */
export function bicubicOf(condition: Condition, conditions: readonly Condition[]): Condition | undefined {
  return conditions.find(({ arm, degradation }) => arm === BICUBIC && degradation === condition.degradation);
}
