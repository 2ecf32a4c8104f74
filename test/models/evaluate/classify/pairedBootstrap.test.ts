import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOf } from '../../../../models/evaluate/classify/answer.ts';
import { flipsBetween } from '../../../../models/evaluate/classify/flips.ts';
import { figuresOf } from '../../../../models/evaluate/classify/metrics/figures.ts';
import {
  BOOTSTRAP_FIGURES,
  drawArms,
  estimate,
  isBeyondChance,
} from '../../../../models/evaluate/classify/pairedBootstrap.ts';
import { madeUp } from './answers.ts';

const CLASSES = 4;
const good = madeUp(200, CLASSES, 1, 3);
const { truths } = good;
const sources = truths.map((_, i) => `picture ${i}`);
const poor = truths.map((_, i) => (i % 4 === 0 ? answerOf([0.4, 0.3, 0.2, 0.1]) : good.answers[i]));

describe('the paired bootstrap', () => {
  it('starts from the figures themselves, and its intervals hold them', () => {
    const draws = drawArms(truths, sources, new Map([['arm', [good.answers]]]), CLASSES, 500).get('arm')!;
    const figures = figuresOf(truths, good.answers, CLASSES);
    for (const name of BOOTSTRAP_FIGURES) {
      const { value, low, high } = estimate(draws, name);
      expect(value, name).toBeCloseTo(figures[name], 10);
      if (name === 'ece') continue; // Its draws are biased upwards: bins hold the same picture twice.
      expect(low, name).toBeLessThanOrEqual(value);
      expect(high, name).toBeGreaterThanOrEqual(value);
    }
  });

  it('gives equal arms a difference of exactly 0, and a worse one a difference beyond chance', () => {
    const arms = new Map([
      ['a', [good.answers]],
      ['b', [good.answers]],
      ['c', [poor]],
    ]);
    const draws = drawArms(truths, sources, arms, CLASSES, 500);
    const difference = (x: string, y: string) => estimate(draws.get(x)!, 'accuracy', draws.get(y)!);
    expect(difference('a', 'b')).toEqual({ value: 0, low: 0, high: 0 });
    expect(isBeyondChance(difference('a', 'b'))).toBe(false);
    expect(isBeyondChance(difference('c', 'a'))).toBe(true);
    expect(difference('c', 'a').value).toBeCloseTo(-difference('a', 'c').value, 12);
  });

  it('widens when pictures share a source', () => {
    const width = (of: readonly string[]): number => {
      const { low, high } = estimate(
        drawArms(truths, of, new Map([['x', [poor]]]), CLASSES, 500).get('x')!,
        'accuracy',
      );
      return high - low;
    };
    // Wrong answers gathered in few sources: twenty pictures that rise and fall together.
    const order = truths.map((truth, i) => [poor[i].predicted === truth ? 1 : 0, i]).sort((a, b) => a[0] - b[0]);
    const gathered = [...sources];
    order.forEach(([, picture], place) => (gathered[picture] = `field ${Math.floor(place / 20)}`));
    expect(width(gathered)).toBeGreaterThan(1.5 * width(sources));
  });

  it('has no interval for one source', () => {
    const draws = drawArms([0, 1], ['a', 'a'], new Map([['x', [poor.slice(0, 2)]]]), CLASSES).get('x')!;
    expect(estimate(draws, 'accuracy')).toMatchObject({ low: NaN, high: NaN });
  });

  it('averages over classifiers', () => {
    const arms = new Map([['x', [good.answers, poor]]]);
    const { value } = estimate(drawArms(truths, sources, arms, CLASSES, 10).get('x')!, 'accuracy');
    const [a, b] = [good.answers, poor].map((answers) => figuresOf(truths, answers, CLASSES).accuracy);
    expect(value).toBeCloseTo((a + b) / 2, 12);
  });
});

describe('flips', () => {
  const answer = (predicted: number, unsure = false) =>
    answerOf(
      [0, 1, 2].map((k) => (k === predicted ? 0.8 : 0.1)),
      unsure,
    );

  it('are told apart', () => {
    const from = [answer(1), answer(0), answer(1), answer(0, true), answer(0), answer(0)];
    const to = [answer(0), answer(1), answer(2), answer(0), answer(0), answer(0, true)];
    expect(flipsBetween([0, 0, 0, 0, 0, 0], from, to)).toEqual([
      { picture: 0, kind: 'corrected' },
      { picture: 1, kind: 'spoiled' },
      { picture: 2, kind: 'exchanged' },
      { picture: 3, kind: 'emboldened' },
    ]);
  });

  it('account for the whole change of accuracy', () => {
    const predictions = fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), { minLength: 1 });
    fc.assert(
      fc.property(predictions, (pictures) => {
        const truth = pictures.map(([t]) => t);
        const [from, to] = [1, 2].map((which) => pictures.map((each) => answer(each[which])));
        const flips = flipsBetween(truth, from, to);
        const count = (kind: string) => flips.filter((flip) => flip.kind === kind).length;
        const right = (answers: typeof from) => answers.filter(({ predicted }, i) => predicted === truth[i]).length;
        expect(right(to) - right(from)).toBe(count('corrected') - count('spoiled'));
      }),
    );
  });
});
