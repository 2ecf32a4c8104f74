/**
 * The data that flows through Scopestream. Plain, readonly values: a stage takes one and returns the next, and nobody
 * writes into another stage's buffer.
 *
 *     SourceEvent -> EncodedFrame -> Frame -> NormalisedFrame -> EnhancedFrame -> AssessedFrame -> ClassifiedFrame
 *
 * Names and units are OME's where OME has one (physicalSizeX in micrometres, deltaT and exposureTime in seconds,
 * wavelengths in nanometres). Any other quantity carries its unit in its name (arrivedMs, sizeBytes).
 */

/** Zarr's names. */
export type PixelType = 'uint8' | 'uint16' | 'float32';
export type PixelArray = Uint8Array | Uint16Array | Float32Array;

/** One image plane, row-major, samples interleaved: `data.length === sizeX * sizeY * samplesPerPixel`. */
export interface Plane {
  readonly sizeX: number;
  readonly sizeY: number;
  /** 1 = grey, 3 = RGB. */
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  readonly data: PixelArray;
}

/** The place of a plane in the image; each counts from 0. */
export interface FrameIndex {
  readonly t: number;
  readonly c: number;
  readonly z: number;
}

export interface Channel {
  readonly name: string;
  /** nm */
  readonly emissionWavelength?: number;
  /** nm */
  readonly excitationWavelength?: number;
}

/** What does not change while one source delivers frames of one shape. */
export interface Acquisition {
  /** Unique, sortable by start, safe in a file name: `20261121-004512-123-simulator`. */
  readonly id: string;
  /** For people: the sample, the folder, the sender. */
  readonly name: string;
  readonly sourceKind: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  /** Bits that the detector really uses, 1..32: 12 for a 12-bit camera in uint16. */
  readonly significantBits: number;
  /** micrometre per pixel of the raw image; absent when nobody said. */
  readonly physicalSizeX?: number;
  readonly physicalSizeY?: number;
  readonly physicalSizeZ?: number;
  /** second between time points, as the source states it. */
  readonly timeIncrement?: number;
  readonly channels: readonly Channel[];
  /** Numerical aperture of the objective, when known. */
  readonly lensNA?: number;
  /** Anything else the source stated, for provenance. */
  readonly statedMetadata?: Readonly<Record<string, unknown>>;
}

/** What a file or a sender says of one plane. Every field is optional: companion metadata is never required. */
export interface PlaneDescription {
  readonly index?: Partial<FrameIndex>;
  readonly significantBits?: number;
  readonly physicalSizeX?: number;
  readonly physicalSizeY?: number;
  readonly physicalSizeZ?: number;
  readonly timeIncrement?: number;
  readonly channelName?: string;
  readonly channelNames?: readonly string[];
  readonly emissionWavelength?: number;
  readonly lensNA?: number;
  /** second since the start of the acquisition, from the instrument. */
  readonly deltaT?: number;
  /** second */
  readonly exposureTime?: number;
  /** micrometre */
  readonly position?: { readonly x: number; readonly y: number; readonly z?: number };
  readonly acquisitionName?: string;
  readonly statedMetadata?: Readonly<Record<string, unknown>>;
}

/** Where the pixels of an arrived frame are. */
export type Payload =
  | { readonly kind: 'file'; readonly path: string; readonly page: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly page: number }
  | { readonly kind: 'plane'; readonly plane: Plane };

/** A source delivers frames, and tells of frames that it knows never came. */
export type SourceEvent = ArrivedFrame | MissingFrames;

export interface ArrivedFrame {
  readonly type: 'frame';
  /** File name or `peer#sequence`: what an error message names. */
  readonly name: string;
  /** Unix time in ms (fractions allowed) when the frame was complete at our door. */
  readonly arrivedMs: number;
  readonly payload: Payload;
  /** What the source itself knows: the socket's header, the file name's grammar. A decoder may add to it. */
  readonly description: PlaneDescription;
  /** Which rule said that the frame was complete: `metadata-line`, `rename`, `successor`, `size-stable`, `socket` ... */
  readonly completedBy: string;
  /**
   * Called once: gives credit back to a sender. Under the policy `every` when the frame has left the service, under `newest`, where the
   * model holds nobody up, as soon as it is kept. Must not throw.
   */
  readonly settled?: () => void;
}

/** Frames that the sender numbered and that never arrived. */
export interface MissingFrames {
  readonly type: 'missing';
  readonly count: number;
  /** `gap 17..19 in the sequence of 127.0.0.1:5123` */
  readonly reason: string;
  readonly noticedMs: number;
}

/** Duration of each stage that a frame has passed, in ms. */
export type StageTimes = Readonly<Record<string, number>>;

export interface FrameMeta {
  /** Order of arrival in the session, from 0; never reused. */
  readonly sequence: number;
  readonly index: FrameIndex;
  readonly name: string;
  readonly arrivedMs: number;
  readonly completedBy: string;
  /** As the file or the sender names it. */
  readonly channelName?: string;
  readonly deltaT?: number;
  readonly exposureTime?: number;
  readonly position?: { readonly x: number; readonly y: number; readonly z?: number };
}

/** An arrived frame with its place in the session, not decoded yet. */
export interface EncodedFrame {
  readonly sequence: number;
  readonly arrived: ArrivedFrame;
}

/** A decoded frame: `raw` is measured, and is never changed. */
export interface Frame {
  readonly meta: FrameMeta;
  readonly raw: Plane;
  readonly description: PlaneDescription;
  readonly times: StageTimes;
}

/**
 * Intensities are mapped to a model's range by constants fixed for the session (per channel): x = (raw - offset) / scale.
 * Never per frame: that would flicker and make flux meaningless.
 */
export interface Normalisation {
  readonly offset: number;
  readonly scale: number;
  /** `first-frame`, `frame-32` or `not finite`: how the constants were found. */
  readonly source: string;
}

export interface NormalisedFrame extends Frame {
  readonly normalisation: Normalisation;
  /** Raw planes of the same channel and section just before this one, oldest first (at most 2): for causal temporal models. */
  readonly history: readonly Plane[];
  /** Raw pixels: the Gaussian that comes nearest to the next raw frames of this session, once that is known. */
  readonly gaussianSigma?: number;
}

/** Who predicted the pixels. Everything that leaves the service with enhanced pixels carries this. */
export interface Prediction {
  readonly predicted: true;
  readonly modelId: string;
  /** What people call it; sessions of version 1 do not have it. */
  readonly modelName?: string;
  readonly modelVersion: string;
  /** SHA-256 of the weights, hex; for a method without weights, of its own description. */
  readonly modelSha256: string;
  readonly license: string;
  readonly precision: string;
  /** Execution provider that ran it: `cpu`, `cuda`, `webgpu` ... */
  readonly provider: string;
  /** Step of the fidelity ladder: 0 is the best. */
  readonly ladderStep: number;
  readonly tiles: number;
  /** Raw pixels: width of the smoothing, where the method is a Gaussian. */
  readonly gaussianSigma?: number;
  /** The model pleases the eye and may invent what it shows: no cells are looked for in what it makes. */
  readonly displayOnly?: true;
}

export interface Enhanced {
  readonly plane: Plane;
  /** Raw intensity = stored value * intensityScale. 2^(significantBits - 16) for grey models, 1 for colour. */
  readonly intensityScale: number;
  /** Output pixels per raw pixel along x and y: 1 or 2 (4 for reference models). */
  readonly magnification: number;
  readonly prediction: Prediction;
}

/** A frame whose enhancement failed goes on without `enhanced`, and says why. */
export interface EnhancedFrame extends NormalisedFrame {
  readonly enhanced?: Enhanced;
  readonly enhanceFault?: string;
}

/** Measured on raw pixels only. Absent = not measurable (yet): never a made-up number. */
export interface MeasuredQuality {
  /** Mean intensity, raw units. */
  readonly mean: number;
  /** Share of pixels at the top of the range / at zero, 0..1. */
  readonly saturated: number;
  readonly atZero: number;
  /** Noise standard deviation in raw units (Immerkaer). */
  readonly noiseSigma: number;
  /** Raw units per photo-electron, including excess noise (slope of the photon-transfer fit). */
  readonly gain?: number;
  /** Read noise in photo-electrons. */
  readonly readNoise?: number;
  /** Photo-electrons per pixel: bright (p99) and mean. */
  readonly photonsBright?: number;
  readonly photonsMean?: number;
  /** Focus score (noise-corrected Brenner over mean squared), and relative to the session's best, 0..1. */
  readonly focus: number;
  readonly focusRelative: number;
  /** Drift since the session began, raw pixels. */
  readonly drift?: { readonly x: number; readonly y: number };
  /** Shift of odd lines against even ones, raw pixels (bidirectional scan). */
  readonly bidirectionalOffset?: number;
  /** Lag-1 correlation of the noise along rows, -1..1. */
  readonly rowCorrelation?: number;
  /** Two-frame Fourier ring correlation (1/7) of raw, in micrometre; only with a known pixel size. */
  readonly resolution?: number;
  /** The same in raw pixels. */
  readonly resolutionPx?: number;
  /** Intensity now over intensity at the start, 0..1: bleaching. */
  readonly intensityKept?: number;
}

/** What can be said of predicted pixels. No resolution in nm is ever claimed here. */
export interface PredictedQuality {
  /** PSNR without ground truth against the next raw frames, dB (running mean). */
  readonly uPsnr?: number;
  /** The same for the best Gaussian on the same frames: the baseline that a model must beat. */
  readonly uPsnrGaussian?: number;
  /** Cross-frame chi-squared: 1 = as good as the truth, 2 = no better than raw. */
  readonly chiSquared?: number;
  /** Share of pixels whose local residual has |Z| > 4, 0..1. */
  readonly flagged?: number;
  /** Share of spectral power above the measured band, 0..1. */
  readonly predictedBandEnergy?: number;
  /** Integrated intensity of enhanced over raw: 1 when flux is kept. */
  readonly fluxRatio?: number;
  readonly domain?: { readonly verdict: 'in' | 'near' | 'out' | 'unknown'; readonly because?: string };
  /** The traffic light, with the reason for anything but green. */
  readonly verdict: 'green' | 'amber' | 'red' | 'uncertifiable';
  readonly because?: string;
}

export interface Quality {
  readonly measured: MeasuredQuality;
  readonly predicted?: PredictedQuality;
}

export interface AssessedFrame extends EnhancedFrame {
  readonly quality?: Quality;
}

/** A cell found in a frame, in raw pixels. */
export interface Cell {
  /** Stable from frame to frame while the cell is tracked. */
  readonly id: number;
  /** Raw pixels between edges: sample k covers [k, k + 1). */
  readonly box: CellBox;
  /** Closed outline, x0, y0, x1, y1 ... in raw pixels; sample k is at k. */
  readonly outline?: readonly number[];
  /** What the finder takes it for: `white cell`, `nucleus`. */
  readonly kind: string;
  /** Class name, or `unsure`; the kind itself, where nothing names its cells. Smoothed over the looks. */
  readonly label: string;
  /** Probability of the label, of the likeliest class where it is `unsure`; of being there, where nothing names it. 0..1 */
  readonly confidence: number;
  /** Calibrated probability of each class, smoothed over the looks; empty where nothing names it. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** Looks that all this rests on. */
  readonly looks: number;
  readonly lookedAt: 'raw' | 'enhanced';
  /** Set when enhanced pixels lead to a sure answer that raw pixels do not lead to. */
  readonly flip?: CellFlip;
}

export interface CellBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface CellFlip {
  /** What raw pixels lead to: a class, `unsure`, or `not found`. */
  readonly rawLabel: string;
  readonly rawConfidence: number;
}

/** What is known of cells when a frame has to go on. */
export interface CellSighting {
  /** The newest look at this field; absent before the first one. */
  readonly cells?: readonly Cell[];
  /** Sequence of the frame whose pixels were looked at: this one's, or that of an earlier frame of the same field. */
  readonly cellsSeenIn?: number;
  /** An earlier frame has brought these cells already: they are shown on, and not listed in the ledger again. */
  readonly cellsRepeated?: boolean;
  /** Why the frame itself was not looked at in time: another look was going on, or its own took too long. */
  readonly cellsSkipped?: CellsSkipped;
  /** Who found and named them, with versions: `smear-find 1.0.0, smear-name 1.0.0`. */
  readonly cellsBy?: string;
}
export type CellsSkipped = 'busy' | 'late';

export interface ClassifiedFrame extends AssessedFrame, CellSighting {}
