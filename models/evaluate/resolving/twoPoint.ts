/**
 * The two-point test: how far apart must two points be for a method to show two? The width of a single bead says little:
 * deconvolution makes beads ever narrower without telling neighbours apart.
 */

import { lightOfPoint, type Phantom } from '../../../pipeline/source/simulator/phantoms.ts';
import { Random } from '../../../pipeline/source/simulator/random.ts';
import type { Candidate } from '../candidate.ts';
import { backgroundOf, expose, inPixels, places, type Place } from './board.ts';
import { peakOfPoint, PIXEL_SIZE, sigmaOfPoint, testMicroscope } from './instrument.ts';
import { thresholdOf, type Threshold, type Trial } from './logistic.ts';
import { deepestSplit, profileAlong, RAYLEIGH_CONTRAST, widthAtHalf } from './profile.ts';

export interface TwoPointSettings {
  /** e- of the brighter point, each a series of its own. */
  readonly photons: readonly number[];
  /** At each separation. */
  readonly trials: number;
  /** Brightness of the second point over the first. */
  readonly ratios: readonly number[];
  /** Separations in units of the sigma of a point's image; 0, one point, is always there. */
  readonly separations: readonly number[];
}

export const TWO_POINT_DEFAULTS: TwoPointSettings = {
  photons: [100, 1000],
  trials: 64,
  ratios: [1, 0.5],
  separations: [0.8, 1.2, 1.6, 2, 2.2, 2.4, 2.6, 2.8, 3, 3.2, 3.6, 4.2, 5],
};

export interface TwoPointResult {
  readonly candidate: string;
  readonly photons: number;
  /** With mitochondria around. */
  readonly embedded: boolean;
  /** Micrometre at which half, and nine tenths, of the trials are resolved. */
  readonly d50: Threshold;
  readonly d90: Threshold;
  /** Share of single points that are shown as two. */
  readonly falseSplits: number;
  /** Median full width at half maximum of single points, micrometre: beside d50, to show that it is something else. */
  readonly widthAtHalf: number;
  readonly trialsAtEach: number;
  readonly curve: readonly { readonly separation: number; readonly resolved: number; readonly contrast: number }[];
}

/** Points on one exposure: 3 x 3, so far apart that they do not touch. */
const ACROSS = 3;
const PITCH = 3.2;

interface Outcome extends Trial {
  readonly contrast: number;
  readonly width: number;
}

/** Everything at once: each exposure is made once and shown to every candidate. */
export async function twoPointTest(
  candidates: readonly Candidate[],
  settings: TwoPointSettings,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<TwoPointResult[]> {
  const series = settings.photons.flatMap((photons) => [false, true].map((embedded) => ({ photons, embedded })));
  const results: TwoPointResult[] = [];
  for (const [i, { photons, embedded }] of series.entries()) {
    const outcomes = await runSeries(candidates, settings, photons, embedded, (done) =>
      onProgress(i + done, series.length),
    );
    for (const { id } of candidates) {
      results.push(resultOf(id, photons, embedded, outcomes.get(id) ?? []));
    }
  }
  return results;
}

async function runSeries(
  candidates: readonly Candidate[],
  { trials, ratios, separations }: TwoPointSettings,
  photons: number,
  embedded: boolean,
  onProgress: (share: number) => void,
): Promise<Map<string, Outcome[]>> {
  const sigma = sigmaOfPoint(testMicroscope(1));
  const microscope = testMicroscope(peakOfPoint(photons, sigma));
  const outcomes = new Map<string, Outcome[]>(candidates.map(({ id }) => [id, []]));
  const tested = [0, ...separations];
  const exposures = Math.ceil(trials / ACROSS ** 2);
  for (const [step, units] of tested.entries()) {
    for (let n = 0; n < exposures; n++) {
      const seed = 1 + step * exposures + n;
      const random = new Random(seed, 2);
      const board = places(ACROSS, PITCH, random);
      const light = lightOfPoint(photons, microscope);
      const separation = units * sigma;
      const phantoms = board.map((place): Phantom => {
        const ratio = ratios[Math.floor(random.uniform() * ratios.length)];
        return {
          kind: 'two-point',
          ...place,
          separation,
          light: units === 0 ? light / 2 : light,
          ratio: units === 0 ? 1 : ratio,
        };
      });
      const exposure = expose(microscope, phantoms, embedded, seed);
      for (const candidate of candidates) {
        const picture = await candidate.enhance(exposure);
        const judged = board.map((place) => {
          const at = inPixels(place, microscope, exposure.magnification);
          return judge(picture, at, separation, sigma, backgroundOf(microscope), exposure.magnification);
        });
        outcomes.get(candidate.id)?.push(...judged);
      }
    }
    onProgress((step + 1) / tested.length);
  }
  return outcomes;
}

/** Two maxima within half the separation of where the points are; of one point, anywhere within Rayleigh's distance. */
function judge(
  picture: Parameters<typeof profileAlong>[0],
  at: Place,
  separation: number,
  sigma: number,
  background: number,
  magnification: number,
): Outcome {
  const pixel = PIXEL_SIZE / magnification;
  const profile = profileAlong(picture, { ...at, halfLength: (separation / 2 + 4 * sigma) / pixel, width: 3 });
  const half = separation / 2 / pixel;
  const reach = separation === 0 ? (2.8 * sigma) / pixel : half;
  const { contrast } = deepestSplit(profile, background, -half, half, reach);
  return {
    separation,
    contrast,
    resolved: contrast >= RAYLEIGH_CONTRAST,
    width: widthAtHalf(profile, background) * pixel,
  };
}

function resultOf(candidate: string, photons: number, embedded: boolean, outcomes: readonly Outcome[]): TwoPointResult {
  const single = outcomes.filter(({ separation }) => separation === 0);
  const pairs = outcomes.filter(({ separation }) => separation > 0);
  const widths = single.map(({ width }) => width).sort((a, b) => a - b);
  return {
    candidate,
    photons,
    embedded,
    d50: thresholdOf(pairs, 0.5),
    d90: thresholdOf(pairs, 0.9),
    falseSplits: shareOf(single),
    widthAtHalf: widths[widths.length >> 1],
    trialsAtEach: single.length,
    curve: [...new Set(outcomes.map(({ separation }) => separation))].map((separation) => {
      const own = outcomes.filter((outcome) => outcome.separation === separation);
      const contrast = own.reduce((sum, outcome) => sum + outcome.contrast, 0) / own.length;
      return { separation, resolved: shareOf(own), contrast };
    }),
  };
}

function shareOf(outcomes: readonly Trial[]): number {
  return outcomes.filter(({ resolved }) => resolved).length / outcomes.length;
}
