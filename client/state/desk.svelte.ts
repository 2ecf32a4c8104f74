/**
 * A desk to look at frames on: the image, how it is shown, and what is read from it. The live page and the review page each
 * put their own frames on one.
 */

import { getContext, setContext } from 'svelte';
import type { Acquisition } from '../../pipeline/frame.ts';
import { LUT_NAMES } from '../draw/lut.ts';
import { panesOf } from '../draw/panes.ts';
import { CellHistory } from './cellCounts.svelte.ts';
import { Contrast } from './contrast.svelte.ts';
import { Dialogs } from './dialogs.svelte.ts';
import { Display } from './display.svelte.ts';
import { deskScene } from './deskScene.ts';
import { LiveFrames, type LiveFrame } from './liveFrames.svelte.ts';
import { Readings } from './readings.svelte.ts';
import { download, takeSnapshot, type SnapshotKind } from './snapshot.ts';
import { Stage } from './stage.svelte.ts';
import { Tools } from './tools.svelte.ts';

/** What the last command came to, in words; `undo` takes it back. */
export interface Notice {
  readonly level: 'done' | 'problem';
  readonly text: string;
  readonly undo?: () => void;
}

export class Desk {
  readonly frames = new LiveFrames();
  readonly display: Display;
  readonly tools: Tools;
  readonly stage: Stage;
  readonly contrast = new Contrast();
  readonly readings = new Readings();
  readonly cells = new CellHistory();
  readonly dialogs = new Dialogs();

  /** The picture is held still by the person; the stream goes on without it. */
  held = $state(false);
  notice = $state.raw<Notice>();

  isColour = $derived((this.frames.newest?.raw ?? this.acquisition)?.samplesPerPixel === 3);
  /** Channels that come as frames of their own; the three samples of a colour pixel are one. */
  channelCount = $derived(
    Math.max(this.isColour ? 1 : (this.acquisition?.channels.length ?? 1), this.frames.byChannel.length, 1),
  );
  /** Raw intensity from which on a pixel is saturated. */
  saturatedFrom = $derived(2 ** (this.acquisition?.significantBits ?? 16) - 1);
  magnification = $derived(this.frames.newest?.enhanced?.magnification ?? 1);

  /** `beside`: the desk that this one is compared with; both are looked at in one way, with one set of tools. */
  constructor(beside?: Desk) {
    this.display = beside?.display ?? new Display();
    this.tools = beside?.tools ?? new Tools();
    this.stage = new Stage(this.display);
  }

  /** The desks that are read together: this one, and the one beside it. */
  get desks(): readonly Desk[] {
    return [this];
  }

  get acquisition(): Acquisition | undefined {
    return undefined;
  }

  /** True when the picture is not what it seems to be: it is drawn dimmed. */
  get dimmed(): boolean {
    return false;
  }

  /** Window of a channel in raw units: the person's, or the percentiles'. */
  window(channel: number): readonly [number, number] {
    const display = this.display.channel(channel, this.channelCount);
    return display.auto ? this.ownWindow(channel) : [display.low, display.high];
  }

  /** Window of a channel from the percentiles of its frames. */
  ownWindow(channel: number): readonly [number, number] {
    return this.contrast.autoWindows[channel] ?? [0, this.saturatedFrom];
  }

  /** The newest frame is on the screen: gives it when that was the first time. */
  painted(): LiveFrame | undefined {
    return this.frames.painted();
  }

  nextLut(): void {
    const { lut } = this.display.channel(0, this.channelCount);
    const next = LUT_NAMES[(LUT_NAMES.indexOf(lut) + 1) % LUT_NAMES.length]!;
    this.display.changeChannel(0, this.channelCount, { lut: next });
  }

  toggleAutoContrast(): void {
    const [low, high] = this.window(0);
    const { auto } = this.display.channel(0, this.channelCount);
    this.display.changeChannel(0, this.channelCount, auto ? { auto: false, low, high } : { auto: true });
  }

  async snapshot(kind: SnapshotKind): Promise<void> {
    const frame = this.frames.newest;
    const { comparison, swipe } = this.display.settings;
    const scene = deskScene(this, panesOf(comparison, this.stage.boxes, swipe, false));
    if (!frame || !scene) return;
    const { name, blob } = await takeSnapshot(kind, {
      frame,
      scene,
      acquisition: this.acquisition,
      zoom: this.stage.view.zoom,
      devicePixelRatio: this.stage.devicePixelRatio,
    });
    download(name, blob);
    this.notice = { level: 'done', text: `Saved ${name}` };
  }
}

const KEY = Symbol('desk');

export const provideDesk = <D extends Desk>(desk: D): D => setContext(KEY, desk);
export const useDesk = <D extends Desk = Desk>(): D => getContext<D>(KEY);
