import { messageOf } from '../../../pipeline/errors.ts';
import type { Answer } from './answer.ts';
import type { Arm } from './arms.ts';
import type { CellPicture } from './cells.ts';
import { inputsOf, type Classifier } from './classifier.ts';
import { conditionsOf, originalOf, restoredPictures, viewsOf, type Condition, type Protocol } from './protocol.ts';
import type { Rgb } from './rgb.ts';

/** A classifier with the part it has in the evaluation. */
export interface Judge {
  readonly classifier: Classifier;
  /** Judges the pictures of this arm only: it was trained on them. Absent: judges all arms. */
  readonly arm?: string;
}

/** Anything that can be restored and asked about. */
export interface Subject {
  readonly name: string;
  read(): Promise<CellPicture>;
}

/** One subject in every condition. */
export interface Asked<S extends Subject> {
  readonly subject: S;
  /** In the order of the conditions; the original is the first. */
  readonly pictures: readonly Rgb[];
  /** Per judge, per condition; absent where the judge has nothing to say. */
  readonly answers: readonly (readonly (Answer | undefined)[])[];
}

export interface Asking<S extends Subject> {
  readonly arms: readonly Arm[];
  readonly judges: readonly Judge[];
  readonly protocol: Protocol;
  /** Called as each is done, in any order. Must not throw. */
  onAsked(asked: Asked<S>): void;
  /** A picture that cannot be read costs itself only. */
  onSkipped(subject: S, problem: string): void;
}

/** Subjects in work at once: while a network runs on one, the next is resampled. */
const IN_WORK = 2;

/** Restores every subject by every arm and asks every judge. Rejects with EnhanceError when a network fails. */
export async function askAll<S extends Subject>(subjects: readonly S[], asking: Asking<S>): Promise<void> {
  const conditions = conditionsOf(asking.arms, asking.protocol);
  const queue = subjects[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const subject of { [Symbol.iterator]: () => queue }) {
      let read: CellPicture;
      try {
        read = await subject.read();
      } catch (error) {
        asking.onSkipped(subject, messageOf(error));
        continue;
      }
      asking.onAsked(await ask(subject, read, conditions, asking));
    }
  };
  await Promise.all(Array.from({ length: IN_WORK }, work));
}

async function ask<S extends Subject>(
  subject: S,
  read: CellPicture,
  conditions: readonly Condition[],
  { arms, judges, protocol }: Asking<S>,
): Promise<Asked<S>> {
  const original = originalOf(read, protocol);
  const pictures = await restoredPictures(original.picture, subject.name, arms, protocol);
  const { views, cell } = viewsOf(pictures, original.cell);
  const prepared = new Map<string, Uint8Array>(); // Trainings of one design see the same.
  const answers: (readonly (Answer | undefined)[])[] = [];
  for (const { classifier, arm } of judges) {
    const asked = conditions.map((_, c) => c).filter((c) => arm === undefined || conditions[c].arm === arm);
    const key = `${arm} ${classifier.input.side} ${classifier.input.margin}`;
    const inputs =
      prepared.get(key) ??
      inputsOf(
        asked.map((c) => views[c]),
        cell,
        classifier.input,
      );
    prepared.set(key, inputs);
    const given = await classifier.classify(inputs, asked.length);
    answers.push(conditions.map((_, c) => (asked.includes(c) ? given[asked.indexOf(c)] : undefined)));
  }
  return { subject, pictures, answers };
}
