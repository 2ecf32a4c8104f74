import type { Answer } from './answer.ts';
import { ORIGINAL } from './arms.ts';
import type { Judge } from './ask.ts';
import { panelOf, type ArmMembers, type Panel } from './panel.ts';
import type { Condition, Protocol } from './protocol.ts';

/** What was said of labelled cells. */
export interface Said {
  /** Index of the class of each cell, and its source picture. */
  readonly truths: readonly number[];
  readonly sources: readonly string[];
  readonly conditions: readonly Condition[];
  readonly judges: readonly Judge[];
  /** Per judge, condition and cell; undefined where the judge does not judge the arm. */
  readonly answers: readonly (readonly (readonly Answer[] | undefined)[])[];
}

/** A table for each design, family of classifiers and degradation. */
export function panelsOf(
  { truths, sources, conditions, judges, answers }: Said,
  classes: number,
  protocol: Protocol,
): Panel[] {
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
        if (arms.length > 0) panels.push(panelOf({ design, family, degradation }, arms, truths, sources, classes));
      }
    }
  }
  return panels;
}
