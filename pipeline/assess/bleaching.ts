/**
 * Intensity above `offset` now over that at the start (raw units, means over several frames): 1 when nothing bleached, above
 * 1 when the sample became brighter. Undefined when there was no signal to lose.
 */
export function intensityKept(startMean: number, nowMean: number, offset: number): number | undefined {
  return startMean > offset ? Math.max(0, (nowMean - offset) / (startMean - offset)) : undefined;
}
