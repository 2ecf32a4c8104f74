/**
 * What the path needs from the outside, and nothing more. `server/` joins implementations to these; tests put fakes here.
 *
 * Buffers: a plane that was handed to a port is only lent. An implementation that sends pixels to another thread copies
 * them first (20 us for 256x256); none may transfer or change a plane that it was given.
 */

import type { ByteSource } from './decode/byteSource.ts';
import type { DecodeLimits } from './decode/limits.ts';
import type {
  Acquisition,
  AssessedFrame,
  CellSighting,
  ClassifiedFrame,
  Enhanced,
  EnhancedFrame,
  Frame,
  FrameIndex,
  MissingFrames,
  NormalisedFrame,
  Plane,
  PlaneDescription,
  Quality,
  SourceEvent,
} from './frame.ts';
import type { LedgerRow, LedgerTotals } from './ledger.ts';

/** Frames from somewhere. One implementation a file in `source/`; all pass `test/conformance/source`. */
export interface Source {
  /** `folder`, `tcp`, `socketio`, `replay`, `simulator`. */
  readonly kind: string;
  /** For people: the folder's path, the address, the preset. */
  readonly name: string;
  /**
   * Events in order of arrival. The consumer takes one when it has room: a source that can wait (files, TCP, replay) waits.
   * Ends when the source is exhausted or `signal` aborts; throws SourceError when it cannot go on. Called once.
   */
  events(signal: AbortSignal): AsyncIterable<SourceEvent>;
}

export interface Decoded {
  readonly plane: Plane;
  readonly description: PlaneDescription;
}

/** One file format. */
export interface Decoder {
  /** `tiff`, `png`, `jpeg`. */
  readonly id: string;
  /** True when the first bytes of a file (at least 16, fewer if the file is shorter) are of this format. */
  recognises(head: Uint8Array): boolean;
  /** Number of planes that are complete in the file now. Throws DecodeError (`retryable` while it may still grow). */
  countPages(source: ByteSource): Promise<number>;
  /** One plane. Throws DecodeError naming the file; never takes memory beyond the limits. */
  decode(source: ByteSource, page: number, limits: DecodeLimits): Promise<Decoded>;
}

/** Enhances frames, off the main thread. A rejected promise is an EnhanceError and costs the enhancement of that frame. */
export interface Enhancer {
  enhance(frame: NormalisedFrame): Promise<Enhanced>;
  /** Which step of the fidelity ladder works now, and why. */
  readonly status: EnhancerStatus;
  close(): Promise<void>;
}

export interface EnhancerStatus {
  readonly modelId: string;
  readonly modelVersion: string;
  readonly provider: string;
  /** Why each other provider was refused. */
  readonly refusals: Readonly<Record<string, string>>;
  readonly step: number;
  /** Model ids from best to most modest. */
  readonly steps: readonly string[];
  /** Why the ladder stands where it stands: `best`, `late: 61 ms a frame against 50 ms`, `3 faults in a row: ...`. */
  readonly because: string;
  readonly state: 'loading' | 'ready' | 'restarting' | 'failed';
}

/** Measures raw frames and the trust in enhanced ones. Must see every raw frame (`measure`), in order. */
export interface Assessor {
  /** Called for every recorded raw frame, superseded or not; resolves soon (the work is off the main thread). */
  observe(frame: NormalisedFrame): void;
  /** Raw pixels: the Gaussian that comes nearest to the next frames of this channel and section, once that is known. */
  gaussianSigma(frame: Frame): number | undefined;
  /** Quality of an enhanced frame from what is known by now. */
  assess(frame: EnhancedFrame): Promise<Quality>;
  close(): Promise<void>;
}

/** Finds cells and says what they are, off the main thread. */
export interface Classifier {
  /**
   * What is known of cells by the moment when the frame must go on: of its own pixels where there was time to look at them,
   * else of an earlier frame. An image never waits longer than the classifier's budget. Rejects with ClassifyError, which
   * costs the cells of that frame.
   */
  classify(frame: AssessedFrame): Promise<CellSighting>;
  close(): Promise<void>;
}

/** Keeps a session. */
export interface Recorder {
  open(acquisition: Acquisition): Promise<Recording>;
}

export interface Recording {
  /** Resolves when the plane is on disk as the fsync policy promises. Rejects with RecordError: the session ends. */
  writeRaw(frame: Frame): Promise<void>;
  writeEnhanced(frame: ClassifiedFrame): Promise<void>;
  /** Appends a ledger row. Never blocks the path. */
  writeRow(row: LedgerRow): void;
  /** Appends what is known of frames that never arrived. Never blocks the path. */
  writeMissing?(missing: MissingFrames): void;
  readonly status: RecordingStatus;
  /** Finishes shards, metadata and certificate. */
  close(totals: LedgerTotals): Promise<void>;
}

export interface RecordingStatus {
  readonly state: 'off' | 'recording' | 'waiting' | 'failed' | 'closed';
  readonly path?: string;
  readonly rawFrames: number;
  readonly enhancedFrames: number;
  readonly bytesWritten: number;
  /** Free bytes on the disk, and seconds until it is full at the present rate. */
  readonly freeBytes?: number;
  readonly secondsLeft?: number;
  readonly warning?: string;
}

/** Shows frames. Never waits for a viewer, never throws. */
export interface Publisher {
  publish(frame: ClassifiedFrame): void;
}

/** Watches the path: metrics and logs. Never throws. */
export interface Monitor {
  arrived(): void;
  missing(count: number, reason: string): void;
  stageDone(stage: StageName, ms: number): void;
  stageFailed(stage: StageName, frameName: string, error: unknown): void;
  ended(row: LedgerRow): void;
  /** `gate`: frames admitted and not ended. `latest`: 1 when a frame waits for the model. */
  inFlight(frames: number, waiting: number): void;
}

export const STAGES = [
  'decode',
  'record',
  'normalise',
  'enhance',
  'assess',
  'classify',
  'recordEnhanced',
  'publish',
] as const;
export type StageName = (typeof STAGES)[number];

/** Recorded raw frames of a session, for replay and review. */
export interface SessionReader {
  readonly acquisition: Acquisition;
  frames(): AsyncIterable<{ readonly index: FrameIndex; readonly plane: Plane; readonly row?: LedgerRow }>;
}
