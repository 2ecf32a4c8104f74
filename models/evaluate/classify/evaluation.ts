import type { Answer } from './answer.ts';
import type { Arm } from './arms.ts';
import { MAGNIFICATION, ORIGINAL } from './arms.ts';
import { askAll, type Asked, type Judge } from './ask.ts';
import { BLANK_KINDS } from './blankCells.ts';
import { blankResult, blankSubjects, type BlankResult } from './blankTest.ts';
import type { Cell } from './cells.ts';
import { panelOf, type ArmMembers, type Panel } from './panel.ts';
import { conditionsOf, type Condition, type Protocol } from './protocol.ts';
import { createComparison, frcBands, type FrcBands, type Similarity } from './similarity.ts';

/** Does enhancement change what is decided? Restores labelled cells by every arm, asks classifiers, and sums up. */
export interface DecisionEvaluation {
  readonly protocol: Protocol;
  readonly classes: readonly string[];
  /** In the order of `answers` and `similarities`. */
  readonly cells: readonly Pick<Cell, 'name' | 'source' | 'label'>[];
  readonly skipped: readonly { readonly cell: string; readonly problem: string }[];
  readonly conditions: readonly Condition[];
  readonly arms: readonly Pick<Arm, 'id' | 'kind' | 'description'>[];
  readonly judges: readonly { readonly id: string; readonly arm?: string; readonly description: string }[];
  readonly likeness: readonly Likeness[];
  readonly panels: readonly Panel[];
  readonly blank: readonly BlankResult[];
  /** Per judge, condition and cell; undefined where the judge does not judge the arm. */
  readonly answers: readonly (readonly (readonly Answer[] | undefined)[])[];
}

/** How like the original an arm's pictures are, mean over a spread of the pictures. */
export interface Likeness {
  readonly condition: string;
  readonly psnr: number;
  readonly ssim: number;
  readonly frc: FrcBands;
  /** Fourier ring correlation; ring r is r / (2 (length - 1)) cycles per pixel. */
  readonly curve: readonly number[];
}

export interface DecisionSettings {
  readonly classes: readonly string[];
  readonly arms: readonly Arm[];
  readonly judges: readonly Judge[];
  readonly protocol: Protocol;
  /** Cells from which blank pictures are made, one of each kind. */
  readonly blankCells: number;
  /** A picture is done. Must not throw. */
  onProgress?(done: number, of: number): void;
}

/** Cells whose pictures are compared with the original: their mean is steady enough, and comparing takes time. */
export const COMPARED = 60;

/** Rejects with EnhanceError when a network fails, and with ConfigError when no cell could be read. */
export async function evaluateDecisions(
  cells: readonly Cell[],
  settings: DecisionSettings,
): Promise<DecisionEvaluation> {
  const { arms, judges, protocol, classes } = settings;
  const conditions = conditionsOf(arms, protocol);
  const skipped: { cell: string; problem: string }[] = [];
  const blanks = blankSubjects(spread(cells, settings.blankCells), protocol.seed);
  let done = 0;
  const progress = (): void => settings.onProgress?.(++done, cells.length + blanks.length);

  const compare = createComparison(protocol.lowSide * MAGNIFICATION);
  const compared = new Set(spread(cells, COMPARED));
  const asked = new Map<string, { answers: Asked<Cell>['answers']; similarities: Similarity[] }>();
  await askAll(cells, {
    arms,
    judges,
    protocol,
    onAsked({ subject, pictures, answers }) {
      const [original, ...restored] = pictures;
      const similarities = compared.has(subject) ? restored.map((picture) => compare(picture, original)) : [];
      asked.set(subject.name, { answers, similarities });
      progress();
    },
    onSkipped({ name }, problem) {
      skipped.push({ cell: name, problem });
      progress();
    },
  });

  const kept = cells.filter(({ name }) => asked.has(name));
  const results = kept.map(({ name }) => asked.get(name)!);
  const answers = judges.map((_, j) => conditions.map((_, c) => allOf(results.map((result) => result.answers[j][c]))));
  const evaluation = {
    protocol,
    classes,
    cells: kept.map(({ name, source, label }) => ({ name, source, label })),
    skipped,
    conditions,
    arms: arms.map(({ id, kind, description }) => ({ id, kind, description })),
    judges: judges.map(({ classifier: { id, description }, arm }) => ({ id, arm, description })),
    likeness: conditions.slice(1).map((condition, c) =>
      likenessOf(
        condition,
        results.flatMap(({ similarities }) => similarities.slice(c, c + 1)),
      ),
    ),
    panels: panelsOf(kept, conditions, answers, settings),
    answers,
  };
  return { ...evaluation, blank: await testBlanks(blanks, conditions, settings, progress) };
}

/** At most `count` of the items, evenly spread. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]);
}

function panelsOf(
  cells: readonly Cell[],
  conditions: readonly Condition[],
  answers: DecisionEvaluation['answers'],
  { judges, classes, protocol }: DecisionSettings,
): Panel[] {
  const truths = cells.map(({ label }) => classes.indexOf(label));
  const sources = cells.map(({ source }) => source);
  const panels: Panel[] = [];
  for (const design of ['fixed', 'per arm'] as const) {
    const own = judges.map((_, j) => j).filter((j) => (judges[j].arm === undefined) === (design === 'fixed'));
    for (const family of new Set(own.map((j) => judges[j].classifier.family))) {
      const members = own.filter((j) => judges[j].classifier.family === family);
      for (const degradation of protocol.degradations) {
        const arms = conditions.flatMap((condition, c): ArmMembers[] => {
          if (condition.arm !== ORIGINAL && condition.degradation !== degradation) return [];
          const given = members.flatMap((j) => {
            const said = answers[j][c];
            return said ? [{ id: judges[j].classifier.id, answers: said }] : [];
          });
          return given.length > 0 ? [{ condition, members: given }] : [];
        });
        if (arms.length > 0)
          panels.push(panelOf({ design, family, degradation }, arms, truths, sources, classes.length));
      }
    }
  }
  return panels;
}

async function testBlanks(
  blanks: ReturnType<typeof blankSubjects>,
  conditions: readonly Condition[],
  { arms, judges, protocol, classes }: DecisionSettings,
  progress: () => void,
): Promise<BlankResult[]> {
  const fixed = judges.filter(({ arm }) => arm === undefined);
  const asked: Asked<(typeof blanks)[number]>[] = [];
  await askAll(blanks, {
    arms,
    judges: fixed,
    protocol,
    onAsked({ subject, answers }) {
      asked.push({ subject, answers, pictures: [] });
      progress();
    },
    onSkipped: progress,
  });
  return [...new Set(fixed.map(({ classifier }) => classifier.family))].flatMap((family) =>
    BLANK_KINDS.flatMap((blank) =>
      conditions.map((condition, c) => {
        const given = asked
          .filter(({ subject }) => subject.blank === blank)
          .flatMap(({ answers }) => answers.filter((_, j) => fixed[j].classifier.family === family))
          .map((judged) => judged[c]!);
        return blankResult(blank, condition, family, given, classes.length);
      }),
    ),
  );
}

function likenessOf({ id }: Condition, similarities: readonly Similarity[]): Likeness {
  const mean = (value: (similarity: Similarity) => number): number =>
    similarities.reduce((sum, similarity) => sum + value(similarity), 0) / similarities.length;
  const rings = similarities[0]?.frc.length ?? 0;
  const curve = Float64Array.from({ length: rings }, (_, r) => mean(({ frc }) => frc[r]));
  return {
    condition: id,
    psnr: mean(({ psnr }) => psnr),
    ssim: mean(({ ssim }) => ssim),
    frc: frcBands(curve, MAGNIFICATION),
    curve: [...curve],
  };
}

function allOf<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.some((item) => item === undefined) ? undefined : (items as readonly T[]);
}
