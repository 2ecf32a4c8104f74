import type { Answer } from './answer.ts';
import { BICUBIC, ORIGINAL, type ArmKind } from './arms.ts';
import type { DegradationName } from './degradation.ts';
import { FLIP_KINDS, flipsBetween, type FlipKind } from './flips.ts';
import { equalWidthBins, type CalibrationBin } from './metrics/calibration.ts';
import { classFigures, confusionOf, type ClassFigures, type Confusion } from './metrics/confusion.ts';
import { FIGURE_NAMES, figuresOf, type FigureName, type Figures } from './metrics/figures.ts';
import { riskCoverage, type RiskPoint } from './metrics/riskCoverage.ts';
import { BOOTSTRAP_FIGURES, drawArms, estimate, type BootstrapFigure, type Estimate } from './pairedBootstrap.ts';
import type { Condition } from './protocol.ts';

/** The arms after one degradation, as one family of classifiers sees them: a table of the report. */
export interface Panel {
  readonly design: Design;
  readonly family: string;
  readonly degradation: DegradationName;
  readonly rows: readonly Row[];
}

export type Design = keyof typeof DESIGN_MEANINGS;

export const DESIGN_MEANINGS = {
  fixed: 'one classifier, trained on originals, judges every arm: what enhancement does to a classifier that is there',
  'per arm': 'a classifier of its own for each arm, trained on that arm’s pictures: what can be told apart in them',
} as const;

/** One arm. */
export interface Row {
  readonly arm: string;
  readonly kind: ArmKind;
  /** Trainings that were averaged. */
  readonly members: readonly string[];
  readonly figures: Readonly<Record<FigureName, Spread>>;
  readonly intervals: Estimates;
  /** This arm minus the other, on the same draws of pictures. */
  readonly againstBicubic?: Estimates;
  readonly againstOriginal?: Estimates;
  /** Pooled over members, as is all below. */
  readonly confusion: Confusion;
  readonly classes: readonly ClassFigures[];
  readonly reliability: readonly CalibrationBin[];
  readonly riskCoverage: readonly RiskPoint[];
  /** Share of pictures whose answer differs from bicubic's; absent where arms have classifiers of their own. */
  readonly flips?: Readonly<Record<FlipKind, number>>;
}

/** Over the members. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation of a sample; NaN for one member. */
  readonly sd: number;
}

export type Estimates = Readonly<Record<BootstrapFigure, Estimate>>;

/** The answers of a family's members to one arm's pictures. */
export interface ArmMembers {
  readonly condition: Condition;
  readonly members: readonly { readonly id: string; readonly answers: readonly Answer[] }[];
}

/** Points of a risk-coverage curve that are kept for drawing. */
const CURVE_POINTS = 100;

export function panelOf(
  about: Pick<Panel, 'design' | 'family' | 'degradation'>,
  arms: readonly ArmMembers[],
  truths: readonly number[],
  sources: readonly string[],
  classes: number,
): Panel {
  const answers = new Map(arms.map(({ condition, members }) => [condition.arm, members.map((each) => each.answers)]));
  const draws = drawArms(truths, sources, answers, classes);
  const [bicubic, original] = [draws.get(BICUBIC), draws.get(ORIGINAL)];
  const rows = arms.map(({ condition: { arm, kind }, members }): Row => {
    const own = draws.get(arm)!;
    const figures = members.map((member) => figuresOf(truths, member.answers, classes));
    const pooled = members.flatMap((member) => member.answers);
    const pooledTruths = members.flatMap(() => truths);
    const confusion = confusionOf(
      pooledTruths,
      pooled.map((answer) => answer.predicted),
      classes,
    );
    return {
      arm,
      kind,
      members: members.map((member) => member.id),
      figures: spreads(figures),
      intervals: estimates((figure) => estimate(own, figure)),
      againstBicubic: bicubic && arm !== BICUBIC ? estimates((figure) => estimate(own, figure, bicubic)) : undefined,
      againstOriginal:
        original && arm !== ORIGINAL ? estimates((figure) => estimate(own, figure, original)) : undefined,
      confusion,
      classes: classFigures(confusion),
      reliability: equalWidthBins(pooledTruths, pooled),
      riskCoverage: thinned(riskCoverage(pooledTruths, pooled)),
      flips:
        about.design === 'fixed' && arm !== BICUBIC ? flipShares(truths, answers.get(BICUBIC), members) : undefined,
    };
  });
  return { ...about, rows };
}

function spreads(figures: readonly Figures[]): Record<FigureName, Spread> {
  return Object.fromEntries(FIGURE_NAMES.map((name) => [name, spreadOf(figures.map((each) => each[name]))])) as Record<
    FigureName,
    Spread
  >;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}

function estimates(of: (figure: BootstrapFigure) => Estimate): Estimates {
  return Object.fromEntries(BOOTSTRAP_FIGURES.map((figure) => [figure, of(figure)])) as Estimates;
}

/** Members are the same classifiers in the same order in every arm. */
function flipShares(
  truths: readonly number[],
  bicubic: readonly (readonly Answer[])[] | undefined,
  members: ArmMembers['members'],
): Record<FlipKind, number> | undefined {
  if (!bicubic) return undefined;
  const flips = members.flatMap((member, k) => flipsBetween(truths, bicubic[k], member.answers));
  const asked = truths.length * members.length;
  return Object.fromEntries(
    FLIP_KINDS.map((kind) => [kind, flips.filter((flip) => flip.kind === kind).length / asked]),
  ) as Record<FlipKind, number>;
}

function thinned(points: readonly RiskPoint[]): RiskPoint[] {
  const step = Math.max(Math.floor(points.length / CURVE_POINTS), 1);
  return points.filter((_, i) => i === points.length - 1 || i % step === step - 1);
}
