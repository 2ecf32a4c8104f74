import type { CellBox, PixelType } from '../../pipeline/frame.ts';
import type { CellFinder, CellNamer } from './cellPackage.ts';
import type { Look } from './decision.ts';

/** What the process that looks at cells loads, does and answers (`processMessages.ts`). Planes follow as raw bytes. */

export interface CellSpec {
  readonly finder: CellFinder;
  /** Names cells of the finder's first kind. */
  readonly namer?: CellNamer;
  readonly threads: number;
}

/** How a plane is to be read. */
export interface LookPlane {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  /** Pixels per raw pixel. */
  readonly magnification: number;
  /** Raw intensity of one stored unit. */
  readonly intensityScale: number;
}

export interface LookRequest {
  /** What is looked at; then, if it is to be compared with, the raw plane. */
  readonly planes: readonly LookPlane[];
  /** A finder of grey frames sees (raw - offset) / scale. */
  readonly offset: number;
  readonly scale: number;
  /** Raw intensity of the detector's full scale: a finder of colour frames sees 255 there. */
  readonly fullScale: number;
  /** Pixels per raw pixel of the picture that the finder gets. */
  readonly finderScale: number;
}

/** A cell as one look sees it, in raw pixels. */
export interface Detection extends Look {
  readonly box: CellBox;
  readonly outline?: readonly number[];
  /** What raw pixels show there, where they were compared: null when the finder sees nothing in them. */
  readonly raw?: Look | null;
}

export interface LookReply {
  readonly detections: readonly Detection[];
  /** Time of the look itself, without the way here and back. */
  readonly ms: number;
}
