import { ConfigError } from '../../../pipeline/errors.ts';
import type { Answer } from './answer.ts';
import { MAGNIFICATION, type Arm } from './arms.ts';
import { askAll, type Asked, type Judge } from './ask.ts';
import { blankSubjects, testBlanks, type BlankResult } from './blankTest.ts';
import type { Cell } from './cells.ts';
import { COMPARED, likenessOf, type Likeness } from './likeness.ts';
import type { Panel } from './panel.ts';
import { panelsOf } from './panels.ts';
import { conditionsOf, type Condition, type Protocol } from './protocol.ts';
import { createComparison, type Similarity } from './similarity.ts';

/** Does enhancement change what is decided? Restores labelled cells by every arm, asks classifiers, and sums up. */
export interface DecisionEvaluation {
  readonly protocol: Protocol;
  readonly classes: readonly string[];
  /** In the order of `answers`. */
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
  if (kept.length === 0) throw new ConfigError(`no cell could be read: ${skipped[0]?.problem ?? 'there is none'}`);
  const results = kept.map(({ name }) => asked.get(name)!);
  const answers = judges.map((_, j) => conditions.map((_, c) => allOf(results.map((result) => result.answers[j][c]))));
  const truths = kept.map(({ label }) => classes.indexOf(label));
  const sources = kept.map(({ source }) => source);
  const similaritiesOf = (c: number): Similarity[] =>
    results.flatMap(({ similarities }) => similarities.slice(c, c + 1));
  return {
    protocol,
    classes,
    cells: kept.map(({ name, source, label }) => ({ name, source, label })),
    skipped,
    conditions,
    arms: arms.map(({ id, kind, description }) => ({ id, kind, description })),
    judges: judges.map(({ classifier: { id, description }, arm }) => ({ id, arm, description })),
    likeness: conditions.slice(1).map(({ id }, c) => likenessOf(id, similaritiesOf(c))),
    panels: panelsOf({ truths, sources, conditions, judges, answers }, classes.length, protocol),
    blank: await testBlanks(blanks, { arms, judges, protocol }, classes.length, progress),
    answers,
  };
}

/** At most `count` of the items, evenly spread. */
export function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]);
}

function allOf<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.some((item) => item === undefined) ? undefined : (items as readonly T[]);
}
