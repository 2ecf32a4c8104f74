import type { Grey } from '../../pipeline/assess/grey.ts';
import type { Plane } from '../../pipeline/frame.ts';

/** What a candidate sees. */
export interface Exposure {
  /** Grey. */
  readonly raw: Plane;
  /** Raw frames just before, oldest first: for temporal models. */
  readonly history: readonly Plane[];
  /** Bits that the detector uses. */
  readonly significantBits: number;
  /** Output pixels per raw pixel that are asked for. */
  readonly magnification: number;
}

/** A raw frame and what it should have been. */
export interface Pair extends Exposure {
  readonly name: string;
  /** Field of view: pairs of one field are not independent. */
  readonly field: string;
  /** Channel or condition, for scores by group. */
  readonly group: string;
  /** In the raw frame's units. Sample magnification * k lies on raw sample k. */
  readonly truth: Grey;
  /** Simulated: the truth has no noise of its own. */
  readonly truthIsExact: boolean;
}
