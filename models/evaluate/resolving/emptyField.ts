import { countsOf } from '../../../pipeline/source/simulator/microscope.ts';
import type { Candidate } from '../candidate.ts';
import { backgroundOf, expose } from './board.ts';
import { testMicroscope } from './instrument.ts';

export interface EmptyFieldResult {
  readonly candidate: string;
  /** e- per sample that a bright structure would have. */
  readonly photons: number;
  /** Share of the output that is brighter than a quarter of such a structure, though nothing is there. */
  readonly invented: number;
}

const EXPOSURES = 4;
/** Of the intensity of a bright structure above the background. */
const SEEN = 0.25;

/** An empty field, with the background and the noise of the detector: what a method shows there, it has invented. */
export async function emptyFieldTest(
  candidates: readonly Candidate[],
  photonsOfSeries: readonly number[],
): Promise<EmptyFieldResult[]> {
  const results: EmptyFieldResult[] = [];
  for (const photons of photonsOfSeries) {
    const microscope = testMicroscope(photons);
    const threshold = backgroundOf(microscope) + SEEN * photons * countsOf(microscope).countsPerElectron;
    const exposures = Array.from({ length: EXPOSURES }, (_, i) => expose(microscope, [], false, 1 + i));
    for (const candidate of candidates) {
      let bright = 0;
      let pixels = 0;
      for (const exposure of exposures) {
        const { data } = await candidate.enhance(exposure);
        for (const value of data) if (value > threshold) bright += 1;
        pixels += data.length;
      }
      results.push({ candidate: candidate.id, photons, invented: bright / pixels });
    }
  }
  return results;
}
