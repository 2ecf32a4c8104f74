import type { Answer } from './answer.ts';
import { BLANK_KINDS, blankCell, type BlankKind } from './blankCells.ts';
import type { Cell } from './cells.ts';
import { conditionsOf, type Condition } from './protocol.ts';
import { askAll, type Asked, type Asking, type Subject } from './ask.ts';

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

function blankResult(
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

/** Asks the judges of all arms. None when there are no subjects. */
export async function testBlanks(
  subjects: readonly BlankSubject[],
  asking: Pick<Asking<BlankSubject>, 'arms' | 'judges' | 'protocol'>,
  classes: number,
  progress: () => void,
): Promise<BlankResult[]> {
  if (subjects.length === 0) return [];
  const judges = asking.judges.filter(({ arm }) => arm === undefined);
  const asked: Pick<Asked<BlankSubject>, 'subject' | 'answers'>[] = [];
  await askAll(subjects, {
    ...asking,
    judges,
    onAsked({ subject, answers }) {
      asked.push({ subject, answers });
      progress();
    },
    onSkipped: progress,
  });
  const families = [...new Set(judges.map(({ classifier }) => classifier.family))];
  return families.flatMap((family) =>
    BLANK_KINDS.flatMap((blank) => {
      const ofKind = asked.filter(({ subject }) => subject.blank === blank);
      const given = ofKind.flatMap(({ answers }) => answers.filter((_, j) => judges[j].classifier.family === family));
      if (given.length === 0) return [];
      return conditionsOf(asking.arms, asking.protocol).map((condition, c) =>
        blankResult(
          blank,
          condition,
          family,
          given.map((answers) => answers[c]!),
          classes,
        ),
      );
    }),
  );
}
