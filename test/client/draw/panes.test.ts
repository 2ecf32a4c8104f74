import { describe, expect, it } from 'vitest';
import { panesOf } from '../../../client/draw/panes.ts';
import { COMPARISONS } from '../../../client/state/displaySettings.ts';

const whole = { x: 0, y: 0, width: 900, height: 600 };
const halves = [
  { x: 0, y: 0, width: 450, height: 600 },
  { x: 450, y: 0, width: 450, height: 600 },
];

describe('panes', () => {
  it('cover the stage once, whatever is compared', () => {
    for (const comparison of COMPARISONS) {
      const panes = panesOf(comparison, comparison === 'side' ? halves : [whole], 0.3, false);
      expect(
        panes.reduce((area, { clip }) => area + clip.width * clip.height, 0),
        comparison,
      ).toBe(900 * 600);
    }
  });

  it('a swipe shows one picture in two clips', () => {
    const [raw, enhanced] = panesOf('swipe', [whole], 0.3, false);
    expect(raw).toMatchObject({ showing: 'raw', box: whole, clip: { x: 0, width: 270 } });
    expect(enhanced).toMatchObject({ showing: 'enhanced', box: whole, clip: { x: 270, width: 630 } });
  });

  it('blinking shows one after the other', () => {
    expect(panesOf('blink', [whole], 0.3, true)[0]!.showing).toBe('raw');
    expect(panesOf('blink', [whole], 0.3, false)[0]!.showing).toBe('enhanced');
  });
});
