/**
 * A recorded session on the desk: where in time it stands, and how it plays.
 */

import type { Acquisition } from '../../pipeline/frame.ts';
import type { ReviewDetails, ReviewSecond } from '../../server/protocol.ts';
import { Desk } from './desk.svelte.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';
import type { ReviewApi, ReviewRow } from './reviewApi.ts';

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

/** Details of a session that is still being recorded are asked for again this often. */
const REFRESH_MS = 3000;
const LEAST_RATE = 1;

export class ReviewDesk extends Desk {
  readonly api: ReviewApi;
  readonly id: string;

  details = $state.raw<ReviewDetails>();
  seconds = $state.raw<readonly ReviewSecond[]>([]);
  problem = $state<string>();
  /** Where the session stands: the frame that is wanted. */
  sequence = $state(0);
  row = $state.raw<ReviewRow>();
  playing = $state(false);
  speed = $state<(typeof SPEEDS)[number]>(1);
  /** Frames between which it plays in a loop. */
  loop = $state.raw<{ readonly from: number; readonly to: number }>();

  last = $derived(Math.max((this.details?.frameCount ?? 1) - 1, 0));
  /** Frames/s as they were recorded. */
  rate = $derived.by(() => {
    const duration = (this.seconds.at(-1)?.second ?? 0) + 1;
    return Math.max((this.last + 1) / duration, LEAST_RATE);
  });
  /** Seconds from the first frame to the one wanted, as they passed at the microscope. */
  elapsed = $derived.by(() => {
    const second = this.seconds.findLast(({ firstSequence }) => firstSequence <= this.sequence);
    if (!second) return 0;
    return second.second + Math.min((this.sequence - second.firstSequence) / Math.max(second.frames, 1), 1);
  });
  marks = $derived((this.details?.notes ?? []).filter(({ sequence }) => sequence !== undefined));

  #order = 0;
  #shown = 0;
  #loading = false;
  #timers: number[] = [];

  constructor(api: ReviewApi, id: string) {
    super();
    this.api = api;
    this.id = id;
  }

  override get acquisition(): Acquisition | undefined {
    return this.details?.constants.acquisition;
  }

  async open(): Promise<void> {
    await this.refresh();
    await this.goTo(0);
    this.#timers.push(window.setInterval(() => this.details?.isLive && void this.refresh(), REFRESH_MS));
  }

  close(): void {
    this.playing = false;
    this.#timers.forEach((timer) => clearInterval(timer));
  }

  async refresh(): Promise<void> {
    await this.try(async () => {
      [this.details, this.seconds] = await Promise.all([this.api.details(this.id), this.api.summary(this.id)]);
    });
  }

  /** Shows a frame. While its pixels are on the way a newer wish takes its place; what comes late is not shown. */
  async goTo(sequence: number): Promise<void> {
    this.sequence = Math.min(Math.max(Math.round(sequence), 0), this.last);
    const order = ++this.#order;
    this.#loading = true;
    await this.try(async () => {
      const [row, raw, enhanced] = await Promise.all([
        this.api.row(this.id, this.sequence),
        this.api.picture(this.id, this.sequence, 'raw'),
        this.api.picture(this.id, this.sequence, 'enhanced'),
      ]);
      if (order < this.#shown) return;
      this.#shown = order;
      this.row = row;
      if (raw) this.frames.put(frameOf(this.id, row, raw, enhanced));
    });
    if (order === this.#order) this.#loading = false;
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

  async addNote(text: string, marksFrame: boolean): Promise<void> {
    await this.try(() => this.api.addNote(this.id, marksFrame ? { text, sequence: this.sequence } : { text }));
    await this.refresh();
  }

  async changeNote(note: string, text: string): Promise<void> {
    await this.try(() => this.api.changeNote(this.id, note, text));
    await this.refresh();
  }

  async removeNote(note: string): Promise<void> {
    await this.try(() => this.api.removeNote(this.id, note));
    await this.refresh();
  }

  /** Does something with the service and says what went wrong. */
  async try(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.problem = undefined;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
  }
}

function frameOf(sessionId: string, row: ReviewRow, raw: LiveFrame['raw'], enhanced: LiveFrame['enhanced']): LiveFrame {
  const nowMs = Date.now();
  const shape = (picture: LiveFrame['raw']) => ({
    sizeX: picture.sizeX,
    sizeY: picture.sizeY,
    samplesPerPixel: picture.samplesPerPixel,
    encoding: picture.data instanceof Uint16Array ? ('uint16le' as const) : ('uint8' as const),
    intensityScale: picture.intensityScale,
    intensityOffset: picture.intensityOffset,
  });
  const header: LiveFrame['header'] = {
    sessionId,
    sequence: row.sequence,
    index: row.meta?.index ?? { t: row.sequence, c: 0, z: 0 },
    name: row.name,
    arrivedMs: row.meta?.arrivedMs ?? row.endedMs,
    sentMs: nowMs,
    raw: shape(raw),
    times: row.times,
    skippedForYou: 0,
    ...(row.because && { enhanceFault: row.because }),
    ...(row.quality && { quality: row.quality }),
    ...(row.cells && { cells: row.cells }),
    ...(enhanced &&
      row.prediction && {
        enhanced: { ...shape(enhanced), magnification: enhanced.magnification, prediction: row.prediction },
      }),
  };
  const sizeBytes = raw.data.byteLength + (enhanced?.data.byteLength ?? 0);
  return { header, raw, receivedMs: nowMs, sizeBytes, ...(enhanced && row.prediction && { enhanced }) };
}
