/**
 * A recorded session on a desk: what it is, and one of its frames.
 */

import type { Acquisition } from '../../pipeline/frame.ts';
import type { ReviewDetails, ReviewRow, ReviewSecond } from '../../server/protocol.ts';
import { Desk } from './desk.svelte.ts';
import { frameToShow, type FramePixels, type RecordedFrame } from './recordedFrame.ts';
import type { ReviewApi } from './reviewApi.ts';

export class RecordedDesk extends Desk {
  readonly api: ReviewApi;
  readonly id: string;

  details = $state.raw<ReviewDetails>();
  seconds = $state.raw<readonly ReviewSecond[]>([]);
  /** What the service could not do, in its own words. */
  problem = $state<string>();
  /** The ledger's row of the frame that was asked for last. */
  row = $state.raw<ReviewRow>();
  /** Why the picture is not that of this frame: it is drawn dimmed. */
  absence = $state<string>();
  /** Unix ms of the first frame's arrival. */
  startMs = $state(NaN);

  last = $derived(Math.max((this.details?.frameCount ?? 1) - 1, 0));
  /** Seconds from the first frame to the one on show. */
  shownAt = $derived(((this.row?.meta?.arrivedMs ?? NaN) - this.startMs) / 1000);

  constructor(api: ReviewApi, id: string, beside?: Desk) {
    super(beside);
    this.api = api;
    this.id = id;
  }

  override get acquisition(): Acquisition | undefined {
    return this.details?.constants.acquisition;
  }

  override get dimmed(): boolean {
    return this.absence !== undefined;
  }

  /** Asks again what is known of the session: one that is being recorded grows. */
  refresh(): Promise<void> {
    return this.try(() => this.describe());
  }

  protected async describe(): Promise<void> {
    [this.details, this.seconds] = await Promise.all([this.api.details(this.id), this.api.summary(this.id)]);
    if (!Number.isNaN(this.startMs)) return;
    const first = this.details.frameCount > 0 ? await this.api.find(this.id, { ms: 0 }) : undefined;
    if (first === undefined) return;
    const { meta, endedMs } = await this.api.row(this.id, first);
    this.startMs = meta?.arrivedMs ?? endedMs;
  }

  async read(row: ReviewRow): Promise<RecordedFrame> {
    const [own, others] = await Promise.all([this.#pixelsOf(row), this.#otherChannels(row)]);
    return { ...own, others };
  }

  async #pixelsOf(row: ReviewRow): Promise<FramePixels> {
    const [raw, enhanced] = await Promise.all([
      this.api.picture(this.id, row.sequence, 'raw'),
      this.api.picture(this.id, row.sequence, 'enhanced'),
    ]);
    return { row, raw, enhanced };
  }

  /** A composite is of one moment: its other channels come from the same time point. */
  async #otherChannels({ meta }: ReviewRow): Promise<FramePixels[]> {
    if (!meta || this.isColour) return [];
    const channels = (this.acquisition?.channels ?? []).map((_, c) => c).filter((c) => c !== meta.index.c);
    const found = await Promise.all(
      channels.map(async (c): Promise<FramePixels[]> => {
        const sequence = await this.api.find(this.id, { ...meta.index, c });
        return sequence === undefined ? [] : [await this.#pixelsOf(await this.api.row(this.id, sequence))];
      }),
    );
    return found.flat();
  }

  show(recorded: RecordedFrame): void {
    const { row } = recorded;
    const frame = frameToShow(this.id, recorded);
    this.row = row;
    this.absence = frame ? undefined : `Frame ${row.sequence} has no pixels: ${row.because ?? row.end}.`;
    if (!frame) return;
    const others = recorded.others.flatMap((other) => frameToShow(this.id, other) ?? []);
    this.frames.put(frame, others);
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
