/**
 * A second session beside the one under review: it stands where the first one stands.
 */

import type { ReviewRow } from '../../server/protocol.ts';
import { RecordedDesk } from './recordedDesk.svelte.ts';
import type { RecordedFrame } from './recordedFrame.ts';
import type { ReviewApi } from './reviewApi.ts';
import type { ReviewDesk } from './reviewDesk.svelte.ts';

export class ComparedDesk extends RecordedDesk {
  readonly #leader: ReviewDesk;

  constructor(api: ReviewApi, id: string, leader: ReviewDesk) {
    super(api, id, leader);
    this.#leader = leader;
  }

  /** That of the first session; or, by choice, what the percentiles of this one's own frames say. */
  override window(channel: number): readonly [number, number] {
    return this.#leader.sameContrast ? this.#leader.window(channel) : this.ownWindow(channel);
  }

  /** The frame that belongs beside a frame of the first session; undefined when there is none, and `absence` says why. */
  async readBeside(row: ReviewRow): Promise<RecordedFrame | undefined> {
    let found: RecordedFrame | undefined;
    await this.try(async () => {
      const sequence = await this.#sequenceBeside(row);
      if (sequence !== undefined) found = await this.read(await this.api.row(this.id, sequence));
    });
    return found;
  }

  showBeside(found: RecordedFrame | undefined, row: ReviewRow): void {
    if (found) this.show(found);
    else this.absence = `This session has no frame beside frame ${row.sequence}.`;
  }

  #sequenceBeside(row: ReviewRow): Promise<number | undefined> {
    const place = row.meta?.index;
    if (this.#leader.pairing === 'frame') return this.api.find(this.id, place ?? { t: row.sequence, c: 0, z: 0 });
    const passedMs = (row.meta?.arrivedMs ?? row.endedMs) - this.#leader.startMs;
    return this.api.find(this.id, { ms: this.startMs + passedMs });
  }
}
