import type { Grey } from '../../pipeline/assess/grey.ts';
import type { Plane } from '../../pipeline/frame.ts';

/** A raw frame and what it should have been. */
export interface Pair {
  readonly name: string;
  /** Field of view: pairs of one field are not independent. */
  readonly field: string;
  /** Channel or condition, for scores by group. */
  readonly group: string;
  /** Grey. */
  readonly raw: Plane;
  /** Raw frames just before, oldest first: for temporal models. */
  readonly history: readonly Plane[];
  /** Bits that the detector uses. */
  readonly significantBits: number;
  /** In the raw frame's units. Sample magnification * k lies on raw sample k. */
  readonly truth: Grey;
  /** Simulated: the truth has no noise of its own. */
  readonly truthIsExact: boolean;
  readonly magnification: number;
}
