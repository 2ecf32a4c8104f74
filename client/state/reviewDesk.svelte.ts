/**
 * The session under review: where in time it stands, how it plays, and what it is compared with.
 */

import { ComparedDesk } from './comparedDesk.svelte.ts';
import type { Desk } from './desk.svelte.ts';
import { Exports } from './exports.svelte.ts';
import { RecordedDesk } from './recordedDesk.svelte.ts';
import type { ReviewApi } from './reviewApi.ts';
import type { SnapshotKind } from './snapshot.ts';

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

/** Details of a session that is still being recorded are asked for again this often. */
const REFRESH_MS = 3000;
const LEAST_RATE = 1;

/** Which frames of two sessions belong together: those at the same place in the image, or as long after the first one. */
export type Pairing = 'frame' | 'time';

export class ReviewDesk extends RecordedDesk {
  readonly exports: Exports;

  /** Where the session stands: the frame that is wanted. */
  sequence = $state(0);
  playing = $state(false);
  speed = $state<(typeof SPEEDS)[number]>(1);
  /** Frames between which it plays in a loop, both included. */
  loop = $state.raw<{ readonly from: number; readonly to: number }>();

  beside = $state.raw<ComparedDesk>();
  pairing = $state<Pairing>('frame');
  /** Both sessions are shown in the window of the first. */
  sameContrast = $state(true);

  /** Frames/s as they were recorded. */
  rate = $derived.by(() => {
    const duration = this.details?.duration ?? (this.seconds.at(-1)?.second ?? 0) + 1;
    return duration > 0 ? Math.max(this.last / duration, LEAST_RATE) : LEAST_RATE;
  });
  /** Seconds from the first frame to the one wanted, as they passed at the microscope. */
  elapsed = $derived.by(() => {
    const second = this.seconds.findLast(({ firstSequence }) => firstSequence <= this.sequence);
    if (!second) return 0;
    return second.second + Math.min((this.sequence - second.firstSequence) / Math.max(second.frames, 1), 1);
  });
  marks = $derived((this.details?.notes ?? []).filter(({ sequence }) => sequence !== undefined));

  /** Counts the wishes to see a frame. */
  #wishes = 0;
  #loading: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(api: ReviewApi, id: string) {
    super(api, id);
    this.exports = new Exports(api, id);
  }

  override get desks(): readonly Desk[] {
    return this.beside ? [this, this.beside] : [this];
  }

  async open(at = 0): Promise<void> {
    void this.exports.refresh();
    await this.refresh();
    await this.goTo(at);
    this.#timer = setInterval(() => this.#follow(), REFRESH_MS);
  }

  close(): void {
    this.playing = false;
    this.exports.close();
    clearInterval(this.#timer);
  }

  /** Puts another session beside this one, or takes it away. */
  async compareWith(id: string | undefined): Promise<void> {
    if (id === this.beside?.id) return;
    const beside = id === undefined ? undefined : new ComparedDesk(this.api, id, this);
    this.beside = beside;
    await beside?.refresh();
    if (beside && this.beside === beside) await this.goTo(this.sequence);
  }

  pairBy(pairing: Pairing): void {
    this.pairing = pairing;
    void this.goTo(this.sequence);
  }

  /** Shows a frame. While one is on its way, only the newest wish waits behind it. */
  goTo(sequence: number): Promise<void> {
    this.sequence = Math.min(Math.max(Math.round(sequence), 0), this.last);
    this.#wishes++;
    return (this.#loading ??= this.#catchUp());
  }

  async #catchUp(): Promise<void> {
    for (let met = 0; met !== this.#wishes;) {
      met = this.#wishes;
      await this.try(() => this.#load(this.sequence));
    }
    this.#loading = undefined;
  }

  /** Both sessions are shown at once: they never stand at different places. */
  async #load(sequence: number): Promise<void> {
    const { beside } = this;
    const row = await this.api.row(this.id, sequence);
    const [frame, frameBeside] = await Promise.all([this.read(row), beside?.readBeside(row)]);
    this.show(frame);
    beside?.showBeside(frameBeside, row);
  }

  #follow(): void {
    for (const desk of [this, this.beside]) if (desk?.details?.isLive) void desk.refresh();
  }

  step(by: number): void {
    this.playing = false;
    void this.goTo(this.sequence + by);
  }

  togglePlay(): void {
    this.playing = !this.playing;
    if (!this.playing) return;
    if (this.sequence >= this.last) this.sequence = this.loop?.from ?? 0;
    let at = this.sequence;
    let beforeMs = performance.now();
    // Time leads and pictures follow: a slow link or disk passes over frames instead of playing slowly.
    const tick = (nowMs: number): void => {
      if (!this.playing) return;
      at += ((nowMs - beforeMs) / 1000) * this.rate * this.speed;
      beforeMs = nowMs;
      const end = this.loop?.to ?? this.last;
      if (at > end) {
        if (!this.loop) this.playing = false;
        at = this.loop?.from ?? end;
      }
      if (Math.floor(at) !== this.sequence && !this.#loading) void this.goTo(Math.floor(at));
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  /** To the next mark (1) or the one before (-1). */
  jumpToMark(direction: 1 | -1): void {
    const sequences = this.marks.map(({ sequence }) => sequence!).sort((a, b) => a - b);
    const next =
      direction === 1
        ? sequences.find((sequence) => sequence > this.sequence)
        : sequences.findLast((sequence) => sequence < this.sequence);
    if (next !== undefined) this.step(next - this.sequence);
  }

  loopFrom(): void {
    this.loop = { from: this.sequence, to: Math.max(this.loop?.to ?? this.last, this.sequence) };
  }

  loopTo(): void {
    this.loop = { from: Math.min(this.loop?.from ?? 0, this.sequence), to: this.sequence };
  }

  /** Two pictures when two sessions are compared. */
  override async snapshot(kind: SnapshotKind): Promise<void> {
    await super.snapshot(kind);
    await this.beside?.snapshot(kind);
  }

  addNote(text: string, marksFrame: boolean): Promise<void> {
    return this.#annotate(() => this.api.addNote(this.id, marksFrame ? { text, sequence: this.sequence } : { text }));
  }

  changeNote(note: string, text: string): Promise<void> {
    return this.#annotate(() => this.api.changeNote(this.id, note, text));
  }

  removeNote(note: string): Promise<void> {
    return this.#annotate(() => this.api.removeNote(this.id, note));
  }

  rename(name: string): Promise<void> {
    return this.#annotate(() => this.api.rename(this.id, name));
  }

  #annotate(act: () => Promise<unknown>): Promise<void> {
    return this.try(async () => {
      await act();
      await this.describe();
    });
  }
}
