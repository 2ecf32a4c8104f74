/**
 * The live page: a desk with a line to the service.
 */

import type { Acquisition } from '../../pipeline/frame.ts';
import type { CommandResult } from '../../server/protocol.ts';
import { Connection } from './connection.svelte.ts';
import { Desk, useDesk } from './desk.svelte.ts';
import { Lateness } from './lateness.ts';
import { LinkQuality } from './linkQuality.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';
import { StatsHistory } from './statsHistory.svelte.ts';

export class Viewer extends Desk {
  readonly history = new StatsHistory();
  readonly #link = new LinkQuality();
  readonly #lateness = new Lateness();
  readonly connection = new Connection({
    frame: (header, raw, enhanced, received) => void this.frames.take(header, raw, enhanced, received),
    stats: (stats) => {
      this.frames.tick();
      this.history.add(stats, this.frames.shownRate);
    },
    marks: (marks) => this.history.hear(marks),
    refused: (problem) => (this.notice = { level: 'problem', text: problem }),
  });
  service = $derived(this.connection.service);

  hidden = $state(false);
  linkIsThin = $state(false);
  drawsSlowly = $state(false);
  mayControl = $derived(this.connection.link === 'connected' && this.service?.mayControl === true);
  isRecording = $derived.by(() => {
    const state = (this.history.latest?.recording ?? this.service?.recording)?.state;
    return state === 'recording' || state === 'waiting';
  });
  encoding = $derived.by(() => {
    const { encoding } = this.display.settings;
    return encoding === 'auto' ? (this.linkIsThin ? 'jpeg' : 'raw') : encoding;
  });

  override get acquisition(): Acquisition | undefined {
    return this.service?.session?.acquisition;
  }

  override get dimmed(): boolean {
    return this.connection.link === 'lost';
  }

  /** Wider than the window shown: what is cut off on the way could never be seen by the automatic contrast. */
  #windowOnTheWire(): readonly [number, number] {
    const [low, high] = this.window(0);
    const width = high - low;
    return [Math.max(Math.floor(low - width / 4), 0), Math.ceil(high + width / 2)];
  }

  /** Runs a command and says what came of it. */
  async run(command: Promise<CommandResult>, done: string): Promise<void> {
    const result = await command;
    this.notice = result.ok ? { level: 'done', text: done } : { level: 'problem', text: result.problem };
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

  /** The mark itself comes back from the service, as it does to every viewer. */
  mark(note: string): Promise<void> {
    return this.run(this.connection.mark(note), 'Moment marked.');
  }

  override painted(): LiveFrame | undefined {
    const frame = super.painted();
    if (!frame) return undefined;
    const nowMs = Date.now();
    this.#link.painted({
      missed: frame.header.skippedForYou,
      overtaken: this.frames.takeOvertaken(),
      drawingMs: nowMs - frame.receivedMs,
      lateMs: this.#lateness.take(),
      roundTripMs: frame.header.roundTripMs,
      nowMs,
    });
    this.stage.painted(frame.header.skippedForYou, nowMs);
    this.linkIsThin = this.#link.thin;
    this.drawsSlowly = this.#link.drawsSlowly;
    return frame;
  }

  close(): void {
    this.#lateness.stop();
    this.connection.close();
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

export const useViewer = (): Viewer => useDesk<Viewer>();
