import { describe, expect, it } from 'vitest';
import { answerOf, type Answer } from '../../../../models/evaluate/classify/answer.ts';
import type { ArmKind } from '../../../../models/evaluate/classify/arms.ts';
import { panelOf, type Design } from '../../../../models/evaluate/classify/panel.ts';
import { points, signed } from '../../../../models/evaluate/classify/report/numbers.ts';
import { verdictOf } from '../../../../models/evaluate/classify/report/words.ts';

const COUNT = 100;
const truths = Array.from({ length: COUNT }, (_, i) => i % 3);
const sources = truths.map((_, i) => `${i}`);

/** Right on the first `right` pictures, always with this confidence. */
function answers(right: number, confidence: number): Answer[] {
  return truths.map((truth, i) => {
    const named = i < right ? truth : (truth + 1) % 3;
    return answerOf([0, 1, 2].map((k) => (k === named ? confidence : (1 - confidence) / 2)));
  });
}

function verdict(
  arms: readonly [arm: string, kind: ArmKind, right: number, confidence: number][],
  design: Design = 'fixed',
) {
  const members = arms.map(([arm, kind, right, confidence]) => ({
    condition: { id: arm, arm, kind, degradation: 'clean' as const },
    members: [{ id: 'judge', answers: answers(right, confidence) }],
  }));
  return verdictOf(panelOf({ design, family: 'judge', degradation: 'clean' }, members, truths, sources, 3)).join('\n');
}

describe('the verdict', () => {
  it('names a winner, and an adversarial arm that is more confident than right', () => {
    const words = verdict([
      ['original', 'original', 95, 0.95],
      ['bicubic', 'bicubic', 70, 0.7],
      ['sr', 'fidelity', 85, 0.85],
      ['gan', 'gan', 84, 0.97],
    ]);
    expect(words).toMatch(/^sr wins with 85.0 %: \+15.0 \[.*\] points against bicubic, beyond chance/);
    expect(words).toContain(
      'bicubic has 70.0 %; the original has 95.0 %. gan is better than bicubic beyond chance too.',
    );
    expect(words).toContain('sr (fidelity) is as confident as it is right');
    expect(words).toContain(
      'gan (adversarial) is more confident than right: mean confidence 97.0 % against 84.0 % right',
    );
    expect(words).toMatch(/gan .*it shifts towards overconfidence by \+13.0/);
    expect(words).toContain('sr changed the answer to 15.0 % of pictures against bicubic: 15.0 % from wrong to right');
    expect(words).not.toContain('better than the original');
  });

  it('names none where nothing is beyond chance', () => {
    const words = verdict([
      ['original', 'original', 90, 0.9],
      ['bicubic', 'bicubic', 88, 0.9],
      ['sr', 'fidelity', 89, 0.9],
    ]);
    expect(words).toMatch(/^No arm is better than bicubic beyond chance\. sr is ahead with 89.0 %; bicubic has 88.0 %/);
    expect(words).toContain('sr (fidelity) is neither more nor less confident than right beyond chance');
  });

  it('warns of an arm that is better than the original', () => {
    const arms = [
      ['original', 'original', 80, 0.8],
      ['bicubic', 'bicubic', 78, 0.8],
      ['gan', 'gan', 96, 0.95],
    ] as const;
    expect(verdict([...arms.map((arm) => [...arm] as [string, ArmKind, number, number])])).toMatch(
      /gan is better than the original by \+16.0 .* what it added/,
    );
    const own = verdict([...arms.map((arm) => [...arm] as [string, ArmKind, number, number])], 'per arm');
    expect(own).toMatch(/gan is better than the original .* classifier of its own/);
    expect(own).not.toContain('changed the answer');
  });
});

describe('numbers', () => {
  it('carry their sign, and leave out an interval that there is not', () => {
    expect(signed(0.0004)).toBe('+0.0');
    expect(signed(-0.0004)).toBe('+0.0');
    expect(signed(-0.123)).toBe('−12.3');
    expect(points({ value: 0.01, low: NaN, high: NaN })).toBe('+1.0');
  });
});
