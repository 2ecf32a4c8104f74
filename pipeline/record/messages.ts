/** What the recorder and its thread say to each other. */

import type {
  Acquisition,
  Channel,
  FrameIndex,
  MissingFrames,
  Normalisation,
  PixelType,
  Prediction,
} from '../frame.ts';
import type { LedgerRow, LedgerTotals } from '../ledger.ts';
import type { RecordSettings } from './settings.ts';

/** Settings and what they make of the session; goes to the thread when it starts. */
export interface RecordOrder {
  readonly acquisition: Acquisition;
  readonly settings: Omit<RecordSettings, 'constants'>;
  readonly constants: Readonly<Record<string, unknown>>;
}

/** A plane with its pixels copied, ready to move to the thread. */
export interface RawTask {
  readonly sequence: number;
  readonly index: FrameIndex;
  readonly arrivedMs: number;
  /** What is known of the plane's channel. */
  readonly channel?: Channel;
  readonly pixels: Uint8Array;
}

export interface EnhancedTask extends RawTask {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  readonly intensityScale: number;
  readonly magnification: number;
  readonly prediction: Prediction;
  readonly normalisation: Normalisation;
}

export type ToThread =
  | { readonly type: 'raw'; readonly id: number; readonly task: RawTask }
  | { readonly type: 'enhanced'; readonly id: number; readonly task: EnhancedTask }
  | { readonly type: 'row'; readonly row: LedgerRow }
  | { readonly type: 'missing'; readonly missing: MissingFrames }
  | { readonly type: 'close'; readonly totals: LedgerTotals };

export type FromThread =
  | { readonly type: 'opened'; readonly folder: string }
  /** `pixels` comes back to be used again. */
  | { readonly type: 'written'; readonly id: number; readonly pixels: Uint8Array }
  | { readonly type: 'refused'; readonly id: number; readonly problem: string }
  | { readonly type: 'disk'; readonly report: DiskReport }
  /** The session cannot go on. */
  | { readonly type: 'failed'; readonly problem: string }
  | { readonly type: 'closed' };

export interface DiskReport {
  readonly bytesWritten: number;
  readonly freeBytes?: number;
  readonly secondsLeft?: number;
  /** Set while the thread waits for the disk. */
  readonly waiting?: string;
  readonly warning?: string;
}
