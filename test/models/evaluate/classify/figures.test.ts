import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOf, decide } from '../../../../models/evaluate/classify/answer.ts';
import {
  binOf,
  BINS,
  calibrationError,
  equalCountBins,
  equalWidthBins,
} from '../../../../models/evaluate/classify/metrics/calibration.ts';
import { classFigures, confusionOf, macroF1 } from '../../../../models/evaluate/classify/metrics/confusion.ts';
import { FIGURE_NAMES, figuresOf, type FigureName } from '../../../../models/evaluate/classify/metrics/figures.ts';
import { areaUnder, riskCoverage } from '../../../../models/evaluate/classify/metrics/riskCoverage.ts';
import { python } from '../../../fixtures/python.ts';
import { calibrated, madeUp } from './answers.ts';

const CLASSES = 5;
const given = madeUp(400, CLASSES, 7);

/** What `golden.py` gave for these answers (numpy 2.4): holds where there is no Python. */
const STORED: Partial<Record<FigureName, number>> = {
  accuracy: 0.6925,
  macroF1: 0.6910067578368825,
  confidence: 0.6095302812330432,
  gap: -0.0829697187669568,
  overconfidence: 0.47481286561850183,
  ece: 0.09689385831003294,
  adaptiveEce: 0.10694696152105587,
  brier: 0.4233768201524182,
  nll: 0.8273749284510344,
  entropy: 1.0194604159662304,
  aurc: 0.12109396853217039,
};

function expectSame(golden: Partial<Record<FigureName, number>>): void {
  const ours = figuresOf(given.truths, given.answers, CLASSES);
  for (const [name, value] of Object.entries(golden)) expect(ours[name as FigureName], name).toBeCloseTo(value, 10);
}

describe('figures of decisions', () => {
  it('agree with the stored values', () => {
    expect(Object.keys(STORED)).toHaveLength(FIGURE_NAMES.length - 2); // All but those of refusals.
    expectSame(STORED);
  });

  it.skipIf(!python)('agree with numpy', () => {
    const input = JSON.stringify({
      truths: given.truths,
      probabilities: given.answers.map((each) => each.probabilities),
    });
    const output = execFileSync(python!, [join(import.meta.dirname, 'golden.py')], { input, encoding: 'utf8' });
    expectSame(JSON.parse(output));
  });

  it('find little miscalibration where there is none, and all of it where it is built in', () => {
    const { truths, answers } = calibrated(20_000, CLASSES, 3);
    const { ece, adaptiveEce, gap } = figuresOf(truths, answers, CLASSES);
    expect(ece).toBeLessThan(0.015);
    expect(adaptiveEce).toBeLessThan(0.015);
    expect(Math.abs(gap)).toBeLessThan(0.01);

    const boastful = answers.map(({ predicted }) =>
      answerOf(Array.from({ length: CLASSES }, (_, k) => (k === predicted ? 0.996 : 0.001))),
    );
    const figures = figuresOf(truths, boastful, CLASSES);
    expect(figures.ece).toBeCloseTo(0.996 - figures.accuracy, 10);
    expect(figures.gap).toBeCloseTo(figures.ece, 10);
    expect(figures.overconfidence).toBeCloseTo(0.996, 10);
  });

  it('stay within their bounds whatever the answers', () => {
    const probabilities = fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
      .map((values) => values.map((value) => value + 1e-6))
      .map((values) => values.map((value) => value / values.reduce((sum, each) => sum + each, 0)));
    const pictures = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), probabilities, fc.boolean()), { minLength: 1 });
    fc.assert(
      fc.property(pictures, (all) => {
        const truths = all.map(([truth]) => truth);
        const answers = all.map(([, p, unsure]) => answerOf(p, unsure));
        const figures = figuresOf(truths, answers, 3);
        for (const name of ['accuracy', 'macroF1', 'confidence', 'ece', 'adaptiveEce', 'aurc', 'unsure'] as const) {
          expect(figures[name]).toBeGreaterThanOrEqual(-1e-12);
          expect(figures[name]).toBeLessThanOrEqual(1 + 1e-12);
        }
        expect(figures.brier).toBeGreaterThanOrEqual(0);
        expect(figures.brier).toBeLessThanOrEqual(2);
        expect(figures.entropy).toBeLessThanOrEqual(Math.log(3) + 1e-12);
        expect(figures.ece).toBeGreaterThanOrEqual(Math.abs(figures.gap) - 1e-9);
      }),
    );
  });
});

describe('bins', () => {
  it('hold (low, high]', () => {
    expect(binOf(1)).toBe(BINS - 1);
    expect(binOf(1 / BINS)).toBe(0);
    expect(binOf(1 / BINS + 1e-9)).toBe(1);
  });

  it('hold every picture once, of either kind', () => {
    for (const bins of [equalWidthBins, equalCountBins]) {
      const made = bins(given.truths, given.answers);
      expect(made.reduce((sum, { count }) => sum + count, 0)).toBe(given.answers.length);
    }
    const counts = equalCountBins(given.truths, given.answers).map(({ count }) => count);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('say nothing when they are empty', () => {
    expect(calibrationError(equalWidthBins([0], [answerOf([0.9, 0.1])]))).toBeCloseTo(0.1);
  });
});

describe('confusion', () => {
  it('gives precision, recall and F1 of a small case by hand', () => {
    const [a, b, c] = classFigures(confusionOf([0, 0, 0, 1], [0, 0, 1, 1], 3));
    expect(a).toEqual({ support: 3, precision: 1, recall: 2 / 3, f1: 0.8 });
    expect(b).toEqual({ support: 1, precision: 0.5, recall: 1, f1: 2 / 3 });
    expect(c).toEqual({ support: 0, precision: 0, recall: 0, f1: 0 });
  });

  it('leaves classes out of the mean that do not occur, and counts those that are only answered', () => {
    expect(macroF1(confusionOf([0, 0], [0, 0], 5))).toBe(1);
    expect(macroF1(confusionOf([0, 0], [0, 1], 5))).toBeCloseTo((2 / 3 + 0) / 2);
  });
});

describe('risk and coverage', () => {
  it('answers the surest first', () => {
    const answers = [answerOf([0.9, 0.1]), answerOf([0.6, 0.4]), answerOf([0.8, 0.2])];
    const points = riskCoverage([0, 1, 0], answers);
    expect(points.map(({ risk }) => risk)).toEqual([0, 0, 1 / 3]);
    expect(areaUnder(points)).toBeCloseTo(1 / 9);
  });

  it('takes the average over the orders of equally sure answers', () => {
    const answers = [answerOf([0.7, 0.3]), answerOf([0.7, 0.3])];
    expect(riskCoverage([0, 1], answers)).toEqual(riskCoverage([1, 0], answers));
    expect(riskCoverage([0, 1], answers).map(({ risk }) => risk)).toEqual([0.5, 0.5]);
  });

  it('ends at the share of errors', () => {
    const { accuracy } = figuresOf(given.truths, given.answers, CLASSES);
    expect(riskCoverage(given.truths, given.answers).at(-1)!.risk).toBeCloseTo(1 - accuracy, 12);
  });
});

describe('an answer', () => {
  it('is refused when no class stands out, and when the picture is unlike anything', () => {
    const rule = { temperature: 1, unsureBelow: 0.6, energyFloor: 2 };
    expect(decide([5, 0, 0], rule)).toMatchObject({ predicted: 0, unsure: false });
    expect(decide([5, 4.9, 0], rule)).toMatchObject({ predicted: 0, unsure: true });
    expect(decide([1, -9, -9], rule)).toMatchObject({ predicted: 0, unsure: true });
  });

  it('gives classes that are left out no say, and keeps the others’ order', () => {
    const { probabilities, predicted } = decide([9, 1, 2], { temperature: 1 }, [2, 1]);
    expect(predicted).toBe(0);
    expect(probabilities).toHaveLength(2);
    expect(probabilities[0] + probabilities[1]).toBeCloseTo(1, 12);
  });
});
