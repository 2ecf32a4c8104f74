import { greyOf, type Grey } from '../../pipeline/assess/grey.ts';
import { ConfigError } from '../../pipeline/errors.ts';
import { normalisationOf } from '../../pipeline/normalise.ts';
import { loadRung } from '../enhancer/rungs.ts';
import { DEFAULT_SETTINGS, type EnhancerSettings } from '../enhancer/settings.ts';
import { InferenceClient } from '../inferenceClient.ts';
import type { Registry } from '../registry.ts';
import { bestSigma, bicubic, gaussian } from './baselines.ts';
import type { Exposure, Pair } from './pair.ts';

/** Something that turns a raw frame into a picture of the truth's sampling, in raw units. */
export interface Candidate {
  readonly id: string;
  /** For people: version, licence, what was chosen. */
  readonly description: string;
  /** Trained to please the eye (an adversarial loss), or of unknown aim: never to be measured on. */
  readonly displayOnly: boolean;
  enhance(exposure: Exposure): Promise<Grey>;
  close(): Promise<void>;
}

/** The baselines that every evaluation shows. */
export function baselines(pairs: readonly Pair[]): Candidate[] {
  const sigma = bestSigma(pairs);
  const description = `sigma ${sigma} raw pixels, chosen with the truth in view`;
  return [
    baseline('bicubic', 'cubic convolution of the raw frame', bicubic),
    baseline('best gaussian', description, (exposure) => gaussian(exposure, sigma)),
  ];
}

/** A method that is computed here and now. */
export function baseline(id: string, description: string, enhance: (exposure: Exposure) => Grey): Candidate {
  return {
    id,
    description,
    displayOnly: false,
    enhance: async (exposure) => enhance(exposure),
    close: async () => {},
  };
}

/** A model of the registry in a process of its own. Throws ConfigError when it does not fit the pairs. */
export async function modelCandidate(
  registry: Registry,
  id: string,
  magnification: number,
  settings: EnhancerSettings = DEFAULT_SETTINGS,
): Promise<Candidate> {
  const entry = registry.get(id);
  if (entry.method.kind !== 'onnx') throw new ConfigError(`${id} is always evaluated: it need not be named`);
  if (entry.samplesPerPixel === 3)
    throw new ConfigError(`${id} takes colour, and pairs are grey: see evaluate --classify`);
  if (entry.magnification !== magnification) {
    const wanted = magnification === 1 ? 'denoising (x1)' : `x${magnification}`;
    throw new ConfigError(`${id} enlarges x${entry.magnification}; these pairs ask for ${wanted}`);
  }
  const client = new InferenceClient(settings);
  try {
    const { key, provider } = await loadRung(client, entry, settings);
    return {
      id,
      description: `version ${entry.version}, ${entry.precision}, ${entry.license}, on ${provider}`,
      displayOnly: entry.displayOnly,
      enhance: (exposure) => run(client, key, exposure),
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** As in a session of which this frame is the first: its own constants, its own history. */
async function run(client: InferenceClient, key: string, { raw, history, significantBits, magnification }: Exposure) {
  const { offset, scale } = normalisationOf(raw, 'evaluate');
  const gain = 2 ** (16 - significantBits);
  const { sizeX, sizeY, samplesPerPixel, pixelType } = raw;
  const request = { sizeX, sizeY, samplesPerPixel, pixelType, offset, scale, gain };
  const { data } = await client.run(key, request, [...history, raw]);
  return greyOf(data, sizeX * magnification, sizeY * magnification, 1 / gain);
}
