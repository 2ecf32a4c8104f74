/**
 * Everything that the page knows, joined: made once by App.svelte and handed to the panels through the context.
 */

import { getContext, setContext } from 'svelte';
import type { Acquisition } from '../../pipeline/frame.ts';
import type { CommandResult } from '../../server/protocol.ts';
import { LUT_NAMES } from '../draw/lut.ts';
import { panesOf } from '../draw/panes.ts';
import type { Point } from '../draw/viewport.ts';
import { CellHistory } from './cellCounts.svelte.ts';
import { Connection } from './connection.svelte.ts';
import { Contrast } from './contrast.svelte.ts';
import { Dialogs } from './dialogs.svelte.ts';
import { Display } from './display.svelte.ts';
import { LinkQuality } from './linkQuality.ts';
import { liveScene } from './liveScene.ts';
import { LiveFrames } from './liveFrames.svelte.ts';
import { download, takeSnapshot, type SnapshotKind } from './snapshot.ts';
import { Stage } from './stage.svelte.ts';
import { StatsHistory } from './statsHistory.svelte.ts';
import { Tools } from './tools.svelte.ts';

export class Viewer {
  readonly frames = new LiveFrames();
  readonly history = new StatsHistory();
  readonly display = new Display();
  readonly stage = new Stage(this.display);
  readonly contrast = new Contrast();
  readonly tools = new Tools();
  readonly cells = new CellHistory();
  readonly dialogs = new Dialogs();
  readonly #link = new LinkQuality();
  readonly connection = new Connection({
    frame: (header, raw, enhanced, received) => void this.frames.take(header, raw, enhanced, received),
    stats: (stats) => {
      this.frames.tick();
      this.history.add(stats, this.frames.shownRate);
    },
    refused: (problem) => (this.notice = { level: 'problem', text: problem }),
  });
  service = $derived(this.connection.service);

  /** The picture is held still by the person; the stream goes on without it. */
  held = $state(false);
  /** While a key or finger asks to see raw. */
  peeking = $state(false);
  hidden = $state(false);
  /** Raw samples; undefined while the pointer is not over the image. */
  pointer = $state.raw<Point>();
  linkIsThin = $state(false);
  drawsSlowly = $state(false);
  /** What the last command came to, in words. */
  notice = $state<{ readonly level: 'done' | 'problem'; readonly text: string }>();

  acquisition = $derived<Acquisition | undefined>(this.service?.session?.acquisition);
  channelCount = $derived(Math.max(this.acquisition?.channels.length ?? 1, this.frames.byChannel.length, 1));
  mayControl = $derived(this.connection.link === 'connected' && this.service?.mayControl === true);
  /** Raw intensity from which on a pixel is saturated. */
  saturatedFrom = $derived(2 ** (this.acquisition?.significantBits ?? 16) - 1);
  magnification = $derived(this.frames.newest?.enhanced?.magnification ?? 1);
  isRecording = $derived.by(() => {
    const state = (this.history.latest?.recording ?? this.service?.recording)?.state;
    return state === 'recording' || state === 'waiting';
  });
  encoding = $derived.by(() => {
    const { encoding } = this.display.settings;
    return encoding === 'auto' ? (this.linkIsThin ? 'jpeg' : 'raw') : encoding;
  });

  /** Window of a channel in raw units: the person's, or the percentiles'. */
  window(channel: number): readonly [number, number] {
    const display = this.display.channel(channel, this.channelCount);
    if (!display.auto) return [display.low, display.high];
    return this.contrast.byChannel[channel]?.autoWindow ?? [0, this.saturatedFrom];
  }

  /** Wider than the window shown: what is cut off on the way could never be seen by the automatic contrast. */
  #windowOnTheWire(): readonly [number, number] {
    const [low, high] = this.window(0);
    const width = high - low;
    return [Math.max(Math.floor(low - width / 4), 0), Math.ceil(high + width / 2)];
  }

  /** Runs a command and says what came of it. */
  async run(command: Promise<CommandResult>, done: string): Promise<boolean> {
    const result = await command;
    this.notice = result.ok ? { level: 'done', text: done } : { level: 'problem', text: result.problem };
    return result.ok;
  }

  /** Asks first when frames that nobody keeps would be the price. */
  toggleSource(): void {
    const start = (): void => void this.run(this.connection.startSource(), 'The source is starting.');
    const stop = (): void => void this.run(this.connection.stopSource(), 'The source has stopped.');
    if (!this.service?.source.running) start();
    else if (!this.isRecording) stop();
    else {
      this.dialogs.question = {
        title: 'Stop the source?',
        text: 'A recording is running. Frames that the microscope makes after this moment are not taken and not kept.',
        action: 'Stop the source',
        agreed: stop,
      };
    }
  }

  toggleRecording(): void {
    if (!this.isRecording) {
      void this.run(this.connection.record(true), 'Recording from the next frame on.');
      return;
    }
    this.dialogs.question = {
      title: 'End the recording?',
      text: 'Frames after this moment are shown but not kept. What was recorded is closed and certified.',
      action: 'End the recording',
      agreed: () => void this.run(this.connection.record(false), 'The recording is closed.'),
    };
  }

  async mark(note: string): Promise<void> {
    if (await this.run(this.connection.mark(note), 'Moment marked.')) this.history.mark(note);
  }

  /** The newest frame is on the screen. */
  painted(): void {
    const frame = this.frames.painted();
    if (!frame) return;
    const nowMs = Date.now();
    this.#link.painted(frame.header.skippedForYou, nowMs - frame.receivedMs, nowMs);
    this.linkIsThin = this.#link.thin;
    this.drawsSlowly = this.#link.drawsSlowly;
  }

  nextLut(): void {
    const { lut } = this.display.channel(0, this.channelCount);
    const next = LUT_NAMES[(LUT_NAMES.indexOf(lut) + 1) % LUT_NAMES.length]!;
    this.display.changeChannel(0, this.channelCount, { lut: next });
  }

  async snapshot(kind: SnapshotKind): Promise<void> {
    const frame = this.frames.newest;
    const { comparison, swipe } = this.display.settings;
    const scene = liveScene(this, panesOf(comparison, this.stage.boxes, swipe, false));
    if (!frame || !scene) return;
    const { name, blob } = await takeSnapshot(kind, {
      frame,
      scene,
      acquisition: this.acquisition,
      modelName: this.modelName(frame.header.enhanced?.prediction.modelId),
      zoom: this.stage.view.zoom,
      devicePixelRatio: this.stage.devicePixelRatio,
    });
    download(name, blob);
    this.notice = { level: 'done', text: `Saved ${name}` };
  }

  /** What people call a model. */
  modelName(modelId: string | undefined): string {
    return this.service?.models.find(({ id }) => id === modelId)?.name ?? modelId ?? '';
  }

  /** Tells the service what this viewer wants now: called whenever one of these changes. */
  configure(): void {
    const wantsFrames = !this.hidden && !this.held;
    this.frames.accepting = wantsFrames;
    if (!wantsFrames) {
      this.frames.giveUp();
      this.#link.paused();
    }
    const { maxRate } = this.display.settings;
    const window = this.encoding === 'jpeg' ? { window: this.#windowOnTheWire() } : {};
    this.connection.configure({ wantsFrames, encoding: this.encoding, maxRate, ...window });
  }
}

const KEY = Symbol('viewer');

export const provideViewer = (viewer: Viewer): Viewer => setContext(KEY, viewer);
export const useViewer = (): Viewer => getContext<Viewer>(KEY);
