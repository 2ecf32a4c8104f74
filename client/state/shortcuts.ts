/**
 * The keyboard: tables that the pages obey and the sheet on `?` shows.
 */

import type { Point } from '../draw/viewport.ts';
import type { Comparison } from './displaySettings.ts';
import type { Tool } from './tools.svelte.ts';
import type { Desk } from './desk.svelte.ts';
import type { ReviewDesk } from './reviewDesk.svelte.ts';
import type { Viewer } from './viewer.svelte.ts';

export interface Shortcut<D extends Desk = Desk> {
  /** `KeyboardEvent.key`, lower case; `Shift+` before it where the shift key must be down. */
  readonly key: string;
  /** What is printed on the sheet, once for all that print the same; the key itself when absent. */
  readonly shown?: string;
  readonly group: 'Compare' | 'View' | 'Contrast' | 'Measure' | 'Acquisition' | 'Playback' | 'Page';
  readonly does: string;
  readonly run: (desk: D) => void;
}

const compare = (key: string, comparison: Comparison, does: string): Shortcut => ({
  key,
  group: 'Compare',
  does,
  run: ({ display }) => display.change({ comparison }),
});

const tool = (key: string, name: Tool, does: string): Shortcut => ({
  key,
  group: 'Measure',
  does,
  run: ({ tools }) => (tools.tool = name),
});

const PAN_STEP = 60;
const pan = (key: string, x: number, y: number): Shortcut => ({
  key,
  shown: '← ↑ → ↓',
  group: 'View',
  does: 'Move the picture',
  run: ({ stage }) => stage.panBy({ x: x * PAN_STEP, y: y * PAN_STEP }),
});

/** CSS pixels across a shape that is placed by keyboard. */
const PLACED_SIZE = 120;

/** Moves the selected shape by one raw sample. */
const nudge = (key: string, x: number, y: number): Shortcut => ({
  key: `Shift+${key}`,
  shown: 'Shift ← ↑ → ↓',
  group: 'Measure',
  does: 'Move the selected shape',
  run: ({ tools }) => tools.selected !== undefined && tools.move(tools.selected, { x, y }),
});

/** Held down, not pressed: handled apart. */
export const PEEK_KEY = 'r';

const DESK_SHORTCUTS: readonly Shortcut[] = [
  compare('1', 'swipe', 'Swipe'),
  compare('2', 'side', 'Side by side'),
  compare('3', 'enhanced', 'Enhanced'),
  compare('4', 'raw', 'Raw'),
  compare('5', 'blink', 'Blink'),
  compare('6', 'difference', 'Difference'),
  { key: PEEK_KEY, shown: 'R', group: 'Compare', does: 'Raw while held down', run: () => undefined },

  { key: 'f', group: 'View', does: 'Fit', run: ({ stage }) => stage.fit() },
  {
    key: 'z',
    group: 'View',
    does: 'One sample on one pixel',
    run: ({ stage, magnification }) => stage.oneToOne(magnification),
  },
  { key: '+', group: 'View', does: 'Zoom in', run: ({ stage }) => stage.zoomBy(1.5) },
  { key: '-', shown: '−', group: 'View', does: 'Zoom out', run: ({ stage }) => stage.zoomBy(1 / 1.5) },
  pan('arrowleft', 1, 0),
  pan('arrowright', -1, 0),
  pan('arrowup', 0, 1),
  pan('arrowdown', 0, -1),
  {
    key: 'x',
    group: 'View',
    does: 'Exact pixels or smooth',
    run: ({ display }) => display.change({ sampling: display.settings.sampling === 'exact' ? 'smooth' : 'exact' }),
  },
  {
    key: 'c',
    group: 'View',
    does: 'Cells on or off',
    run: ({ display }) => display.change({ showCells: !display.settings.showCells }),
  },

  {
    key: 'a',
    group: 'Contrast',
    does: 'Automatic or by hand',
    run: (desk) => desk.toggleAutoContrast(),
  },
  { key: 'l', group: 'Contrast', does: 'Next colours', run: (desk) => desk.nextLut() },
  {
    key: 'h',
    group: 'Contrast',
    does: 'Show saturated and zero pixels',
    run: ({ display }) => display.change({ highlightLimits: !display.settings.highlightLimits }),
  },

  {
    key: 't',
    group: 'View',
    does: 'Hatch pixels that disagree with raw',
    run: ({ display }) => display.change({ showFlags: !display.settings.showFlags }),
  },

  tool('v', 'pan', 'Move the image'),
  tool('q', 'rectangle', 'Rectangle'),
  tool('o', 'ellipse', 'Ellipse'),
  tool('n', 'profile', 'Line profile'),
  tool('d', 'distance', 'Distance'),
  {
    key: 'enter',
    shown: 'Enter',
    group: 'Measure',
    does: 'Place the shape in the middle',
    run: ({ tools, stage }) => {
      const { centreX, centreY, zoom } = stage.view;
      const reach = PLACED_SIZE / 2 / zoom;
      const corner = (sign: 1 | -1): Point => ({ x: centreX + sign * reach, y: centreY + sign * reach });
      if (tools.tool !== 'pan') tools.add(tools.tool, corner(-1), corner(1));
    },
  },
  nudge('arrowleft', -1, 0),
  nudge('arrowright', 1, 0),
  nudge('arrowup', 0, -1),
  nudge('arrowdown', 0, 1),
  {
    key: 'delete',
    shown: 'Del',
    group: 'Measure',
    does: 'Remove the selected shape',
    run: ({ tools }) => tools.selected !== undefined && tools.remove(tools.selected),
  },

  { key: 'p', group: 'Page', does: 'Snapshot with annotations', run: (desk) => void desk.snapshot('annotated') },
  { key: 'g', group: 'Page', does: 'Full screen', run: () => toggleFullscreen() },
  {
    key: '\\',
    group: 'Page',
    does: 'Panels on or off',
    run: ({ display }) => display.change({ panelsHidden: !display.settings.panelsHidden }),
  },
  { key: ',', group: 'Page', does: 'Settings', run: ({ dialogs }) => (dialogs.open = 'settings') },
  { key: '?', group: 'Page', does: 'This sheet', run: ({ dialogs }) => (dialogs.open = 'shortcuts') },
];

export const LIVE_SHORTCUTS: readonly Shortcut<Viewer>[] = [
  ...DESK_SHORTCUTS,
  { key: ' ', shown: 'Space', group: 'View', does: 'Hold the picture', run: (viewer) => (viewer.held = !viewer.held) },
  {
    key: 'm',
    group: 'Acquisition',
    does: 'Mark this moment',
    run: (viewer) => viewer.mayControl && (viewer.dialogs.open = 'mark'),
  },
  {
    key: 'Shift+r',
    shown: 'Shift R',
    group: 'Acquisition',
    does: 'Record, or end the recording',
    run: (viewer) => viewer.mayControl && viewer.toggleRecording(),
  },
  {
    key: 'Shift+s',
    shown: 'Shift S',
    group: 'Acquisition',
    does: 'Start or stop the source',
    run: (viewer) => viewer.mayControl && viewer.toggleSource(),
  },
];

export const REVIEW_SHORTCUTS: readonly Shortcut<ReviewDesk>[] = [
  ...DESK_SHORTCUTS,
  { key: ' ', shown: 'Space', group: 'Playback', does: 'Play or pause', run: (desk) => desk.togglePlay() },
  { key: '.', group: 'Playback', does: 'Next frame', run: (desk) => desk.step(1) },
  { key: 'b', group: 'Playback', does: 'Frame before', run: (desk) => desk.step(-1) },
  { key: 'k', group: 'Playback', does: 'Next mark', run: (desk) => desk.jumpToMark(1) },
  { key: 'j', group: 'Playback', does: 'Mark before', run: (desk) => desk.jumpToMark(-1) },
  { key: 'i', group: 'Playback', does: 'Loop from here', run: (desk) => desk.loopFrom() },
  { key: 'u', group: 'Playback', does: 'Loop to here', run: (desk) => desk.loopTo() },
];

export function toggleFullscreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen();
}

/** Handles a key unless it belongs to what is focused. */
export function pressKey<D extends Desk>(event: KeyboardEvent, desk: D, shortcuts: readonly Shortcut<D>[]): void {
  if (event.ctrlKey || event.metaKey || event.altKey || desk.dialogs.any || belongsTo(event.target, event.key)) return;
  const key = event.key.toLowerCase();
  if (key === PEEK_KEY && !event.shiftKey) {
    desk.tools.peeking = true;
    return;
  }
  const named = /^([a-z]|arrow\w+)$/.test(key);
  const pressed = event.shiftKey && named ? `Shift+${key}` : key === '=' ? '+' : key;
  const shortcut = shortcuts.find((candidate) => candidate.key === pressed);
  if (!shortcut) return;
  event.preventDefault();
  shortcut.run(desk);
}

/** Text fields keep every key; controls keep the keys that work them. */
function belongsTo(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select')) return true;
  if (target.matches('button, summary') && (key === ' ' || key === 'Enter')) return true;
  return target.matches('input, [role=slider]') && (key.startsWith('Arrow') || key === ' ');
}
