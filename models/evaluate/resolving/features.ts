/**
 * Questions that a biologist asks of a picture, on objects that look like mitochondria: is this thread broken (fission), and
 * are these two threads or one (passing)? An answer that the raw data did not contain is an invention.
 */

import { Random } from '../../../pipeline/source/simulator/random.ts';
import type { Phantom } from '../../../pipeline/source/simulator/phantoms.ts';
import type { Candidate } from '../candidate.ts';
import { backgroundOf, expose, inPixels, places } from './board.ts';
import { PIXEL_SIZE, testMicroscope } from './instrument.ts';
import { thresholdOf, type Threshold, type Trial } from './logistic.ts';
import { deepestSplit, profileAlong, RAYLEIGH_CONTRAST, type Profile } from './profile.ts';

export interface FeatureSettings {
  /** e- per sample where a thread is brightest, each a series of its own. */
  readonly photons: readonly number[];
  /** At each gap and each distance. */
  readonly trials: number;
}

export const FEATURE_DEFAULTS: FeatureSettings = { photons: [5, 20], trials: 64 };

export interface FeatureResult {
  readonly candidate: string;
  readonly photons: number;
  readonly gap: {
    /** Share of whole threads that are shown broken. */
    readonly inventedFission: number;
    /** Share of threads with a gap of 0.3 micrometre or more that are shown whole. */
    readonly missedFission: number;
    /** Gap that is shown in half of the trials, micrometre. */
    readonly g50: Threshold;
  };
  readonly crossing: {
    /** Share of single threads (distance 0) that are shown as two. */
    readonly inventedThreads: number;
    /** Distance at which two threads are told apart in half of the trials, micrometre. */
    readonly d50: Threshold;
  };
  readonly trialsAtEach: number;
}

/** micrometre */
const GAPS = [0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4] as const;
const WIDE_GAP = 0.3;
const DISTANCES = [0, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5] as const;
const ROD_LENGTH = 1.5;
const ROD_RADIUS = 0.1;
/** Objects on one exposure: 2 x 2, ends apart. */
const ACROSS = 2;
const PITCH = 5;
/** A thread is broken where it falls below this share of what it is on both sides. */
const BROKEN = 0.5;
/** A maximum belongs to a thread when it lies at most this far (micrometre) from it. */
const REACH = 0.2;

type Question = 'gap' | 'crossing';
type Answers = Record<Question, Trial[]>;

export async function featureTest(
  candidates: readonly Candidate[],
  settings: FeatureSettings,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<FeatureResult[]> {
  const results: FeatureResult[] = [];
  const tests = [
    ...GAPS.map((size) => ['gap', size] as const),
    ...DISTANCES.map((size) => ['crossing', size] as const),
  ];
  for (const [i, photons] of settings.photons.entries()) {
    const answers = new Map<string, Answers>(candidates.map(({ id }) => [id, { gap: [], crossing: [] }]));
    for (const [step, [question, size]] of tests.entries()) {
      await ask(candidates, answers, question, size, photons, settings.trials, 1 + step * settings.trials);
      onProgress(i + (step + 1) / tests.length, settings.photons.length);
    }
    results.push(...candidates.map(({ id }) => resultOf(id, photons, answers.get(id) ?? { gap: [], crossing: [] })));
  }
  return results;
}

async function ask(
  candidates: readonly Candidate[],
  answers: ReadonlyMap<string, Answers>,
  question: Question,
  size: number,
  photons: number,
  trials: number,
  firstSeed: number,
): Promise<void> {
  const microscope = testMicroscope(photons);
  for (let seed = firstSeed; seed < firstSeed + Math.ceil(trials / ACROSS ** 2); seed++) {
    const board = places(ACROSS, PITCH, new Random(seed, 2));
    const exposure = expose(
      microscope,
      board.flatMap((place) => phantomsOf(question, size, place)),
      true,
      seed,
    );
    for (const candidate of candidates) {
      const picture = await candidate.enhance(exposure);
      const pixel = PIXEL_SIZE / exposure.magnification;
      for (const place of board) {
        const { x, y, angle } = inPixels(place, microscope, exposure.magnification);
        const along = question === 'gap' ? angle : angle + 90;
        const profile = profileAlong(picture, { x, y, angle: along, halfLength: 1 / pixel, width: 3 });
        const background = backgroundOf(microscope);
        const resolved =
          question === 'gap' ? isBroken(profile, background, size / pixel) : areTwo(profile, background, size, pixel);
        answers.get(candidate.id)?.[question].push({ separation: size, resolved });
      }
    }
  }
}

function phantomsOf(
  question: Question,
  size: number,
  { x, y, angle }: { x: number; y: number; angle: number },
): Phantom[] {
  const rods = { kind: 'rod-gap', angle, length: ROD_LENGTH, radius: ROD_RADIUS, gap: 0 } as const;
  if (question === 'gap') return [{ ...rods, x, y, gap: size }];
  const across = ((angle + 90) * Math.PI) / 180;
  // One thread is drawn once, as bright as each of two.
  const sides = size === 0 ? [0] : [-size / 2, size / 2];
  return sides.map((away) => ({ ...rods, x: x + away * Math.cos(across), y: y + away * Math.sin(across) }));
}

/** The lowest point near the middle against the mean of what lies between 0.4 and 1 micrometre on either side. */
function isBroken(profile: Profile, background: number, gapPixels: number): boolean {
  const { from, step, values } = profile;
  const flank = -from * 0.4;
  let lowest = Infinity;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const away = Math.abs(from + i * step);
    const height = values[i] - background;
    if (away <= Math.max(gapPixels / 2, flank / 2)) lowest = Math.min(lowest, height);
    if (away < flank + gapPixels / 2) continue;
    sum += height;
    count += 1;
  }
  return lowest < BROKEN * (sum / count);
}

function areTwo(profile: Profile, background: number, distance: number, pixel: number): boolean {
  const half = distance / 2 / pixel;
  return deepestSplit(profile, background, -half, half, REACH / pixel).contrast >= RAYLEIGH_CONTRAST;
}

function resultOf(candidate: string, photons: number, { gap, crossing }: Answers): FeatureResult {
  const single = crossing.filter(({ separation }) => separation === 0);
  return {
    candidate,
    photons,
    gap: {
      inventedFission: shareOf(gap.filter(({ separation }) => separation === 0)),
      missedFission: 1 - shareOf(gap.filter(({ separation }) => separation >= WIDE_GAP)),
      g50: thresholdOf(gap, 0.5),
    },
    crossing: { inventedThreads: shareOf(single), d50: thresholdOf(crossing, 0.5) },
    trialsAtEach: single.length,
  };
}

function shareOf(trials: readonly Trial[]): number {
  return trials.filter(({ resolved }) => resolved).length / trials.length;
}
