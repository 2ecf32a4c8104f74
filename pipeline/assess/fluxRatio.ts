import { meanOf, type Grey } from './grey.ts';

/** Intensity above `offset` of a reduced prediction over that of its raw frame; undefined where raw has none. */
export function fluxRatio(prediction: Grey, raw: Grey, offset: number): number | undefined {
  const measured = meanOf(raw.data) - offset;
  return measured > 0 ? (meanOf(prediction.data) - offset) / measured : undefined;
}
