/** The two-point and the feature tests of models, beside bicubic, the best Gaussian and Richardson-Lucy. */

import { countsOf } from '../../../pipeline/source/simulator/microscope.ts';
import { gaussian, bicubic } from '../baselines.ts';
import { baseline, type Candidate } from '../candidate.ts';
import { emptyFieldTest, type EmptyFieldResult } from './emptyField.ts';
import { featureTest, type FeatureResult, type FeatureSettings } from './features.ts';
import { PIXEL_SIZE, sigmaOfPoint, testMicroscope } from './instrument.ts';
import { richardsonLucy } from './richardsonLucy.ts';
import { twoPointTest, type TwoPointResult, type TwoPointSettings } from './twoPoint.ts';

export interface ResolvingResult {
  /** Standard deviation of the image of a point, micrometre: 2.8 of it are Rayleigh's distance. */
  readonly sigma: number;
  readonly pixelSize: number;
  /** Candidates that were trained to please the eye. */
  readonly displayOnly: readonly string[];
  readonly twoPoint: readonly TwoPointResult[];
  readonly features: readonly FeatureResult[];
  readonly emptyField: readonly EmptyFieldResult[];
}

/** Iterations of Richardson-Lucy: few, as used on noisy frames. */
const ITERATIONS = 10;
/** Raw pixels: about the width of the optics, beyond which a filter costs resolution. */
const GAUSSIAN_SIGMA = 0.8;

/** The classical methods that the models stand beside; these know the optics, which the models do not. */
export function resolvingBaselines(): Candidate[] {
  const microscope = testMicroscope(1);
  const { offset } = countsOf(microscope);
  const sigma = sigmaOfPoint(microscope) / PIXEL_SIZE;
  return [
    baseline('bicubic', 'cubic convolution of the raw frame', bicubic),
    baseline('gaussian', `sigma ${GAUSSIAN_SIGMA} raw pixels`, (exposure) => gaussian(exposure, GAUSSIAN_SIGMA)),
    baseline('richardson-lucy', `${ITERATIONS} iterations with the true point spread function`, (exposure) =>
      richardsonLucy(exposure, sigma, offset, ITERATIONS),
    ),
  ];
}

export async function resolvingTest(
  models: readonly Candidate[],
  settings: { readonly twoPoint: TwoPointSettings; readonly features: FeatureSettings },
  onProgress: (share: number) => void = () => {},
): Promise<ResolvingResult> {
  const candidates = [...resolvingBaselines(), ...models];
  const twoPoint = await twoPointTest(candidates, settings.twoPoint, (done, of) => onProgress(done / of / 2));
  const features = await featureTest(candidates, settings.features, (done, of) => onProgress(0.5 + done / of / 2));
  const emptyField = await emptyFieldTest(candidates, settings.features.photons);
  return {
    sigma: sigmaOfPoint(testMicroscope(1)),
    pixelSize: PIXEL_SIZE,
    displayOnly: candidates.filter(({ displayOnly }) => displayOnly).map(({ id }) => id),
    twoPoint,
    features,
    emptyField,
  };
}
