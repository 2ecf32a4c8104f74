import type { Answer } from './answer.ts';
import { BLANK_KINDS, blankCell, type BlankKind } from './blankCells.ts';
import type { Cell } from './cells.ts';
import type { Condition } from './protocol.ts';
import type { Subject } from './ask.ts';

/** The swap test: what is said of pictures that hold no cell. */
export interface BlankResult {
  readonly blank: BlankKind;
  readonly condition: string;
  readonly family: string;
  /** Answers given: pictures times classifiers. */
  readonly count: number;
  /** Share of answers by class, refusals not heeded. */
  readonly histogram: readonly number[];
  /** Entropy of the histogram over its largest value: 1 = all classes alike, 0 = always the same one. */
  readonly evenness: number;
  readonly confidence: number;
  /** Share refused as unsure. */
  readonly refused: number;
  readonly passed: boolean;
}

/** The test is passed when at least this share of pictures without a cell is refused. */
export const BLANK_PASS = 0.95;

export interface BlankSubject extends Subject {
  readonly blank: BlankKind;
}

/** One blank picture of each kind from each cell. */
export function blankSubjects(cells: readonly Cell[], seed: number): BlankSubject[] {
  return BLANK_KINDS.flatMap((blank) =>
    cells.map((cell) => ({
      name: `${blank} of ${cell.name}`,
      blank,
      read: async () => {
        const { picture, cell: square } = await cell.read();
        return { picture: blankCell(blank, picture, square, seed, cell.name), cell: square };
      },
    })),
  );
}

export function blankResult(
  blank: BlankKind,
  { id: condition }: Condition,
  family: string,
  answers: readonly Answer[],
  classes: number,
): BlankResult {
  const share = (holds: (answer: Answer) => boolean): number => answers.filter(holds).length / answers.length;
  const histogram = Array.from({ length: classes }, (_, k) => share(({ predicted }) => predicted === k));
  const refused = share(({ unsure }) => unsure);
  return {
    blank,
    condition,
    family,
    count: answers.length,
    histogram,
    evenness: histogram.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0) / Math.log(classes),
    confidence: answers.reduce((sum, { confidence }) => sum + confidence, 0) / answers.length,
    refused,
    passed: refused >= BLANK_PASS,
  };
}
