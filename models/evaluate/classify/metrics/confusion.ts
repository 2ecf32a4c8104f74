/** Counts of pictures: row = true class, column = predicted class. Entries may be weights. */
export type Confusion = readonly (readonly number[])[];

export interface ClassFigures {
  /** Pictures of the class. */
  readonly support: number;
  /** Share of those called so that are so; 0 when none is called so. */
  readonly precision: number;
  /** Share of those that are so that are called so; 0 when there is none. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
}

export function confusionOf(truths: readonly number[], predicted: readonly number[], classes: number): Confusion {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  truths.forEach((truth, i) => (matrix[truth][predicted[i]] += 1));
  return matrix;
}

export function accuracyOf(confusion: Confusion): number {
  const right = confusion.reduce((sum, row, k) => sum + row[k], 0);
  return right / confusion.reduce((sum, row) => sum + total(row), 0);
}

export function classFigures(confusion: Confusion): ClassFigures[] {
  return confusion.map((row, k) => {
    const support = total(row);
    const called = confusion.reduce((sum, other) => sum + other[k], 0);
    const precision = called > 0 ? row[k] / called : 0;
    const recall = support > 0 ? row[k] / support : 0;
    const f1 = support + called > 0 ? (2 * row[k]) / (support + called) : 0;
    return { support, precision, recall, f1 };
  });
}

/** Unweighted mean of F1 over the classes that occur, as truth or as answer (scikit-learn's default). */
export function macroF1(confusion: Confusion): number {
  const occurring = classFigures(confusion).filter((figures, k) => {
    return figures.support > 0 || confusion.some((row) => row[k] > 0);
  });
  return occurring.reduce((sum, { f1 }) => sum + f1, 0) / occurring.length;
}

function total(row: readonly number[]): number {
  return row.reduce((sum, count) => sum + count, 0);
}
