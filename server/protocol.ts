/**
 * What the service and its viewers say to each other: the one place where an event, its fields and their units are named.
 * Types and constants only: the client imports this file and `pipeline/frame.ts`, nothing else of the service.
 *
 * Transport: socket.io, namespace `/live`, websocket only. Pixels travel as binary attachments, never as text.
 * Backpressure: a viewer acknowledges each frame; at most `maxUnacknowledged` are on the way to it, and behind them waits
 * only the newest one.
 */

import type {
  Acquisition,
  Cell,
  CellsSkipped,
  FrameIndex,
  FrameMeta,
  Prediction,
  Quality,
  StageTimes,
} from '../pipeline/frame.ts';
import type { EnhancerStatus, RecordingStatus } from '../pipeline/ports.ts';
import type { Percentiles } from '../monitoring/secondWindow.ts';
import type { Policy } from '../pipeline/flow.ts';
import type { LedgerTotals } from '../pipeline/ledger.ts';

export const PROTOCOL_VERSION = 1;
export const LIVE_NAMESPACE = '/live';
export const INGEST_NAMESPACE = '/ingest';

export type { Policy } from '../pipeline/flow.ts';
/** `raw`: full-depth little-endian pixels for quantitative viewing; `jpeg`: 8 bit through the window, for thin links. */
export type LiveEncoding = 'raw' | 'jpeg';

/** How the bytes of one picture are to be read. */
export interface PictureHeader {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly encoding: 'uint8' | 'uint16le' | 'jpeg';
  /** Raw intensity = stored value * intensityScale + intensityOffset (for jpeg: of the 0..255 grey value). */
  readonly intensityScale: number;
  readonly intensityOffset: number;
}

/** Goes with each pair of pictures. */
export interface LiveFrameHeader {
  readonly sessionId: string;
  readonly sequence: number;
  readonly index: FrameIndex;
  readonly name: string;
  readonly deltaT?: number;
  /** Unix ms on the server's clock; `sentMs - arrivedMs` is the latency up to the socket. */
  readonly arrivedMs: number;
  readonly sentMs: number;
  readonly raw: PictureHeader;
  readonly enhanced?: PictureHeader & { readonly magnification: number; readonly prediction: Prediction };
  readonly enhanceFault?: string;
  readonly quality?: Quality;
  /** The newest known cells of this field. */
  readonly cells?: readonly Cell[];
  /** Sequence of the frame in whose pixels they were seen. */
  readonly cellsSeenIn?: number;
  /** Why this frame's own pixels were not looked at in time. */
  readonly cellsSkipped?: CellsSkipped;
  readonly times: StageTimes;
  /** Frames that this viewer did not get since the one before: it was busy. */
  readonly skippedForYou: number;
  /** Of the frame that this viewer gave back last: its way there and the answer's way back, ms, without the time that it was held. */
  readonly roundTripMs?: number;
}

export interface ModelChoice {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly magnification: number;
  /** Of the frames that it takes; absent: of any. */
  readonly samplesPerPixel?: 1 | 3;
  readonly license: string;
  /** `display-only` models are never offered for measurement. */
  readonly displayOnly: boolean;
  readonly description: string;
}

/** A package that finds cells. */
export interface CellChoice {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly description: string;
  /** Of the frames that it looks at. */
  readonly samplesPerPixel: 1 | 3;
}

/** The stage that finds and names cells. */
export interface CellsState {
  readonly choices: readonly CellChoice[];
  readonly state: 'off' | 'loading' | 'ready' | 'restarting' | 'failed';
  /** Why it failed. */
  readonly because?: string;
  /** The package that looks now, and the one that names what it finds. */
  readonly modelId?: string;
  readonly namedBy?: string;
  /** Every label that a cell can have. */
  readonly labels: readonly string[];
}

export interface CellCounts {
  /** Cells of the newest look, by label. */
  readonly inView: Readonly<Record<string, number>>;
  /** Cells of the session so far, each counted once, by label. */
  readonly counted: Readonly<Record<string, number>>;
  /** Times that a cell's answer was found to come from the enhancement. */
  readonly flips: number;
}

/** Everything that a viewer needs to draw itself; sent on connection and whenever something in it changes. */
export interface ServiceState {
  readonly protocolVersion: number;
  readonly softwareVersion: string;
  readonly session?: {
    readonly id: string;
    readonly acquisition: Acquisition;
    readonly state: 'waiting' | 'running' | 'finished' | 'failed';
    readonly because?: string;
  };
  readonly source: { readonly kind: string; readonly name: string; readonly running: boolean };
  readonly policy: Policy;
  readonly models: readonly ModelChoice[];
  readonly enhancer: EnhancerStatus;
  readonly recording: RecordingStatus;
  readonly cells?: CellsState;
  /** True when this viewer may use the controls. */
  readonly mayControl: boolean;
}

export type { Percentiles } from '../monitoring/secondWindow.ts';

/** Once a second. Rates in frames/s and times in ms, both over that second. */
export interface LiveStats {
  readonly atMs: number;
  readonly rateIn: number;
  readonly rateRecorded: number;
  readonly rateEnhanced: number;
  /** Arrival to hand-over to the viewers. */
  readonly latencyMs?: Percentiles;
  readonly stageMs: Readonly<Record<string, Percentiles>>;
  readonly inFlight: number;
  readonly maxFramesInFlight: number;
  readonly waitingForModel: number;
  readonly totals: LedgerTotals;
  readonly superseded: number;
  /** Frames of that second whose raw pixels were not measured: measuring is held to a fifth of a core. */
  readonly unmeasured?: number;
  /** Absent while the stage is off. Looks and frames that were passed over: of that second. */
  readonly cells?: CellCounts & { readonly looks: number; readonly passedOver: number };
  readonly enhancer: EnhancerStatus;
  readonly recording: RecordingStatus;
  readonly viewers: number;
  readonly eventLoopDelayMs: number;
  readonly warnings: readonly Warning[];
}

/** Calm, specific, and says what to do. */
export interface Warning {
  readonly id: string;
  readonly level: 'info' | 'amber' | 'red';
  readonly message: string;
  readonly advice: string;
}

/** A mark on a frame of the session on show, or a note on the whole of it, from whichever viewer or page it came. */
export interface LiveMark {
  readonly id: string;
  readonly sessionId: string;
  /** Unix ms on the server's clock: when the marked frame arrived; of a note on the session, when it was written. */
  readonly atMs: number;
  readonly text: string;
  /** The frame that is marked. */
  readonly sequence?: number;
  /** It was taken back. */
  readonly removed?: true;
}

export type CommandResult = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** Settings of one viewer; absent fields stay as they are. */
export interface ViewerSettings {
  readonly encoding?: LiveEncoding;
  /** At most this many frames/s, 0.1..240; the service may hold to fewer. */
  readonly maxRate?: number;
  /** Raw intensity window for jpeg. */
  readonly window?: readonly [number, number];
  /** False: no pixels (a hidden tab). */
  readonly wantsFrames?: boolean;
}

export interface ServerToViewer {
  state: (state: ServiceState) => void;
  stats: (stats: LiveStats) => void;
  /** On connection: those of the session so far, newest last. Afterwards each that is new, changed or taken back. */
  marks: (marks: readonly LiveMark[]) => void;
  /**
   * `received` must be called when the frame was drawn or given up: it is the credit for the next one. `heldMs`: for how long the
   * viewer had it by then.
   */
  frame: (
    header: LiveFrameHeader,
    raw: ArrayBuffer | Uint8Array,
    enhanced: ArrayBuffer | Uint8Array | null,
    received: (heldMs?: number) => void,
  ) => void;
}

export interface ViewerToServer {
  settings: (settings: ViewerSettings, done: (result: CommandResult) => void) => void;
  /** Takes effect between two frames; no frame is lost and the stream does not restart. */
  chooseModel: (modelId: string, done: (result: CommandResult) => void) => void;
  /** Who finds cells from now on: a package, `auto`, or null for nobody. The frames do not wait for it. */
  chooseCells: (modelId: string | null, done: (result: CommandResult) => void) => void;
  choosePolicy: (policy: Policy, done: (result: CommandResult) => void) => void;
  startSource: (done: (result: CommandResult) => void) => void;
  stopSource: (done: (result: CommandResult) => void) => void;
  /** On: a new session is recorded from the next frame. Off: the recording is closed and certified. */
  record: (on: boolean, done: (result: CommandResult) => void) => void;
  /** Marks the newest frame with a note, at most 2000 characters. */
  mark: (note: string, done: (result: CommandResult) => void) => void;
}

/** Review over HTTP, under `/api`: what `GET /sessions` lists. */
export interface ReviewSession {
  readonly id: string;
  readonly name: string;
  readonly sourceKind: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly state: 'recording' | 'interrupted' | 'closed' | 'failed' | 'recovered';
  /** Lines of the ledger: the frames that arrived, and a few events. */
  readonly ledgerLines: number;
  readonly sizeX: number;
  readonly sizeY: number;
  /** Marks and notes of people. */
  readonly noteCount: number;
  /** The model chosen when the session began. */
  readonly modelId?: string;
  /** The session whose frames were played again to make this one. */
  readonly replayOf?: string;
  /** Second from the first frame to the last; absent while there is no certificate. */
  readonly duration?: number;
  /** Totals of the certificate; absent while there is none. */
  readonly certified?: {
    readonly arrived: number;
    readonly recorded: number;
    readonly enhanced: number;
    readonly superseded: number;
    readonly corrupt: number;
    readonly missing: number;
    readonly balances: boolean;
  };
}

export interface ReviewNote {
  readonly id: string;
  /** Unix ms. */
  readonly atMs: number;
  readonly author?: string;
  /** The frame that is marked; absent for a note on the whole session. */
  readonly sequence?: number;
  readonly text: string;
}

/** What `GET /sessions/:id` says. */
export interface ReviewDetails extends ReviewSession {
  readonly isLive: boolean;
  /** Frames that arrived: their sequences are 0 to frameCount - 1. */
  readonly frameCount: number;
  readonly constants: {
    readonly acquisition: Acquisition;
    readonly software?: { readonly name: string; readonly version: string };
  };
  readonly notes: readonly ReviewNote[];
}

/** One second of a session, as `GET /sessions/:id/summary` lists them. */
export interface ReviewSecond {
  /** Whole seconds since the first frame arrived. */
  readonly second: number;
  readonly firstSequence: number;
  readonly frames: number;
  readonly recorded: number;
  readonly ends: Readonly<Partial<Record<string, number>>>;
  readonly verdicts: Readonly<Partial<Record<string, number>>>;
  readonly cells: number;
  readonly mean?: number;
  readonly latencyMs?: number;
}

/** A row of the ledger, as `GET /sessions/:id/frames/:sequence` gives it. */
export interface ReviewRow {
  readonly sequence: number;
  readonly end: string;
  readonly because?: string;
  readonly name: string;
  readonly meta?: FrameMeta;
  readonly times: StageTimes;
  /** Unix ms. */
  readonly endedMs: number;
  readonly prediction?: Prediction;
  readonly quality?: Quality;
  /** Each look stands in one row. */
  readonly cells?: readonly Cell[];
  /** Sequence of the frame whose pixels were looked at, and the packages that looked, with versions. */
  readonly cellsSeenIn?: number;
  readonly cellsBy?: string;
  /** Why this frame's own pixels were not looked at in time. */
  readonly cellsSkipped?: CellsSkipped;
}

/** The closing account, as far as people read it: `GET /sessions/:id/certificate.json`. */
export interface ReviewCertificate {
  readonly state: 'closed' | 'failed' | 'recovered';
  readonly failure?: string;
  readonly certifiedAt: string;
  readonly balances: boolean;
  readonly disagreements: readonly string[];
  readonly ledger: { readonly lines: number; readonly head: string };
  /** What was promised of a crash or a power failure. */
  readonly promise: string;
  /** A paragraph for the Methods section of a paper. */
  readonly methods: string;
  readonly checklist: readonly { readonly item: string; readonly done: boolean; readonly detail: string }[];
}

export type ExportFormat = 'ome-tiff' | 'tiff' | 'mp4' | 'webm' | 'csv' | 'png';

/** In the place of a file's name: all files of an export. */
export const EXPORT_ARCHIVE = 'all.zip';

/** What `POST /sessions/:id/exports` takes. */
export interface ExportRequest {
  readonly format: ExportFormat;
  readonly what: 'raw' | 'enhanced' | 'both';
  /** Sequence of the first frame; default 0. */
  readonly from?: number;
  /** Sequence after the last frame; default all. */
  readonly to?: number;
  /** Every n-th frame; default 1. */
  readonly every?: number;
}

export interface ExportJob {
  readonly id: string;
  readonly session: string;
  readonly request: ExportRequest;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** Frames written, of how many; 0 of 0 before the first. */
  readonly done: number;
  readonly of: number;
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
  readonly problem?: string;
}
