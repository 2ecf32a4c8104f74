/**
 * Which part of the stage shows what, for each way of comparing.
 */

import type { Comparison } from '../state/displaySettings.ts';
import type { Showing } from './scene.ts';
import type { Box } from './viewport.ts';

export interface StagePane {
  readonly showing: Showing;
  /** What is visible, CSS pixels. */
  readonly clip: Box;
  /** What the view is centred in. */
  readonly box: Box;
}

/** `boxes`: one, or two for side by side. `swipe`: 0..1 of the width, raw on the left. `blinkRaw`: the phase of blinking. */
export function panesOf(
  comparison: Comparison,
  boxes: readonly Box[],
  swipe: number,
  blinkRaw: boolean,
): readonly StagePane[] {
  const [first, second] = boxes as readonly [Box, Box?];
  const whole = (showing: Showing): StagePane[] => [{ showing, clip: first, box: first }];
  switch (comparison) {
    case 'raw':
    case 'enhanced':
    case 'difference':
      return whole(comparison);
    case 'blink':
      return whole(blinkRaw ? 'raw' : 'enhanced');
    case 'swipe': {
      const left = Math.round(first.width * swipe);
      return [
        { showing: 'raw', clip: { ...first, width: left }, box: first },
        { showing: 'enhanced', clip: { ...first, x: first.x + left, width: first.width - left }, box: first },
      ];
    }
    case 'side': {
      const other = second ?? first;
      return [
        { showing: 'raw', clip: first, box: first },
        { showing: 'enhanced', clip: other, box: other },
      ];
    }
  }
}
