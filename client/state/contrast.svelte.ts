/**
 * Histograms of the newest frames and the window of each channel in raw units.
 */

import { AutoContrast, histogramOf, histogramTop, type Histogram } from '../draw/histogram.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';

export interface ChannelHistogram {
  readonly raw: Histogram;
  readonly enhanced?: Histogram;
}

type Window = readonly [number, number];

interface Follower {
  readonly contrast: AutoContrast;
  top: number;
  sessionId: string;
  seen: LiveFrame | undefined;
}

export class Contrast {
  byChannel = $state.raw<readonly (ChannelHistogram | undefined)[]>([]);
  /**
   * By channel: from the percentiles of the last seconds, raw units. Apart from the histograms, which change with every frame: a window
   * that stays where it is costs no paint.
   */
  autoWindows = $state.raw<readonly (Window | undefined)[]>([]);
  readonly #followers: Follower[] = [];

  /**
   * Takes a frame. The window follows the enhanced picture where there is one: it has the signal's range without the
   * noise's, and raw and enhanced must share one window to be compared.
   */
  observe(frame: LiveFrame): void {
    const { index, sessionId } = frame.header;
    const follower = (this.#followers[index.c] ??= {
      contrast: new AutoContrast(),
      top: 0,
      sessionId,
      seen: undefined,
    });
    if (follower.seen === frame) return;
    follower.seen = frame;
    if (follower.sessionId !== sessionId) {
      follower.contrast.reset();
      follower.top = 0;
      follower.sessionId = sessionId;
    }
    follower.top = histogramTop(frame.raw, Math.max(follower.top, leastTop(frame)));
    const raw = histogramOf(frame.raw, follower.top);
    const enhanced = frame.enhanced && histogramOf(frame.enhanced, follower.top);
    // Colour means what it is: stretching it would change the stain.
    const autoWindow =
      frame.raw.samplesPerPixel === 3
        ? ([0, follower.top - 1] satisfies Window)
        : follower.contrast.update(enhanced ?? raw, frame.header.arrivedMs);
    const next = [...this.byChannel];
    next[index.c] = { raw, enhanced };
    this.byChannel = next;
    const before = this.autoWindows[index.c];
    if (before?.[0] === autoWindow[0] && before[1] === autoWindow[1]) return;
    const windows = [...this.autoWindows];
    windows[index.c] = autoWindow;
    this.autoWindows = windows;
  }
}

/** Colour of 8 bits always has the whole range. */
function leastTop({ raw }: LiveFrame): number {
  return raw.samplesPerPixel === 3 && raw.data instanceof Uint8Array ? 256 : 0;
}
