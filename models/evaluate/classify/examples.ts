import sharp from 'sharp';
import type { Answer } from './answer.ts';
import type { Arm } from './arms.ts';
import { askAll, type Judge } from './ask.ts';
import type { Cell } from './cells.ts';
import type { DecisionEvaluation } from './evaluation.ts';
import { flipsBetween, type FlipKind } from './flips.ts';
import { bicubicOf, conditionsOf, type Condition, type Protocol } from './protocol.ts';
import type { Rgb } from './rgb.ts';

/** A cell whose answer an arm changed, as every arm shows it. */
export interface Example {
  readonly cell: string;
  readonly label: string;
  readonly flip: FlipKind;
  /** The condition that changed the answer. */
  readonly by: string;
  readonly views: readonly ExampleView[];
}

export interface ExampleView {
  readonly condition: Condition;
  /** `data:image/png;base64,...` */
  readonly picture: string;
  readonly answer: Answer;
}

interface Chosen {
  readonly cell: string;
  readonly flip: FlipKind;
  readonly by: Condition;
}

/** Order in which kinds of flips are worth a look. */
const KINDS: readonly FlipKind[] = ['spoiled', 'corrected', 'exchanged', 'emboldened'];

/**
 * Up to `count` cells whose answer a network changed against bicubic, the surest of each kind first, taking turns between
 * networks and kinds; shown with the answers of the first judge of all arms.
 */
export async function examplesOf(
  evaluation: DecisionEvaluation,
  cells: readonly Cell[],
  asking: { readonly arms: readonly Arm[]; readonly judges: readonly Judge[]; readonly protocol: Protocol },
  count: number,
): Promise<Example[]> {
  const judge = asking.judges.findIndex(({ arm }) => arm === undefined);
  if (judge < 0) return [];
  const conditions = conditionsOf(asking.arms, asking.protocol);
  const chosen = new Map(chooseFlips(evaluation, judge, count).map((each) => [each.cell, each]));
  const shown: Example[] = [];
  const pending: Promise<void>[] = [];
  await askAll(
    cells.filter(({ name }) => chosen.has(name)),
    {
      ...asking,
      judges: [asking.judges[judge]],
      onAsked({ subject: { name, label }, pictures, answers: [answers] }) {
        const { flip, by } = chosen.get(name)!;
        const inView = conditions.map((_, c) => c).filter((c) => isBeside(conditions[c], by));
        const views = inView.map(async (c) => ({
          condition: conditions[c],
          picture: await png(pictures[c]),
          answer: answers[c]!,
        }));
        pending.push(
          Promise.all(views).then((made) => void shown.push({ cell: name, label, flip, by: by.id, views: made })),
        );
      },
      onSkipped() {},
    },
  );
  await Promise.all(pending);
  const order = [...chosen.keys()];
  return shown.sort((a, b) => order.indexOf(a.cell) - order.indexOf(b.cell));
}

/** The original, and what went through the same degradation. */
function isBeside({ degradation }: Condition, by: Condition): boolean {
  return degradation === 'none' || degradation === by.degradation;
}

function chooseFlips(
  { answers, cells, classes, conditions }: DecisionEvaluation,
  judge: number,
  count: number,
): Chosen[] {
  const truths = cells.map(({ label }) => classes.indexOf(label));
  const lists = KINDS.flatMap((kind) =>
    conditions.flatMap((by, c) => {
      const bicubic = bicubicOf(by, conditions);
      if (!bicubic || (by.kind !== 'fidelity' && by.kind !== 'gan')) return [];
      const [from, to] = [answers[judge][conditions.indexOf(bicubic)]!, answers[judge][c]!];
      const flips = flipsBetween(truths, from, to).filter((flip) => flip.kind === kind);
      flips.sort((a, b) => to[b.picture].confidence - to[a.picture].confidence);
      return [flips.map(({ picture }): Chosen => ({ cell: cells[picture].name, flip: kind, by }))];
    }),
  );
  const chosen = new Map<string, Chosen>();
  for (let turn = 0; chosen.size < count && lists.some((list) => turn < list.length); turn++) {
    for (const list of lists) {
      const next = list[turn];
      if (next && !chosen.has(next.cell) && chosen.size < count) chosen.set(next.cell, next);
    }
  }
  return [...chosen.values()];
}

async function png({ sizeX, sizeY, data }: Rgb): Promise<string> {
  const file = await sharp(data, { raw: { width: sizeX, height: sizeY, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${file.toString('base64')}`;
}
