import { EnhanceError, messageOf } from '../../pipeline/errors.ts';
import type { Enhanced, NormalisedFrame, PixelType, Plane } from '../../pipeline/frame.ts';
import { chooseProvider, testFrame, testRequest, type ProviderName } from '../executionProvider.ts';
import type { InferenceClient } from '../inferenceClient.ts';
import type { ModelManifest } from '../manifest.ts';
import { builtIn, type BuiltInId, type ModelEntry, type Registry } from '../registry.ts';
import { GAUSSIAN_SIGMA } from './gaussian.ts';
import { threadsOf, type EnhancerSettings } from './settings.ts';

/** What stands on the steps of the fidelity ladder: models, loaded and warm, each in the process that holds it. */

export interface Rung {
  readonly entry: ModelEntry;
  readonly client: InferenceClient;
  readonly key: string;
  readonly provider: ProviderName;
  readonly refusals: Readonly<Record<string, string>>;
  /** Time of a test frame of 256 x 256 pixels, ms. */
  readonly ms: number;
}

/** A stand-in takes at most this share of the time of the model whose place it takes: one that is hardly faster is late as well. */
const FASTER = 0.75;

/** Packages of this tier are fast enough to stand in for a better one. */
const VIDEO_RATE = 'video-rate';

/** What colour frames get when nobody chose a model: the first package for them that keeps video rate and is not for show. */
export function colourDefault({ models }: Registry): ModelEntry | undefined {
  return models.find(
    ({ method, samplesPerPixel, displayOnly }) =>
      method.kind === 'onnx' &&
      samplesPerPixel === 3 &&
      !displayOnly &&
      method.manifest.scopestream.tier === VIDEO_RATE,
  );
}

/** Loads a network on the best provider. Throws ProviderError, or EnhanceError when the process cannot be used. */
export async function loadRung(client: InferenceClient, entry: ModelEntry, settings: EnhancerSettings): Promise<Rung> {
  const manifest = manifestOf(entry);
  const load = (provider: ProviderName) => loadNetwork(client, entry, provider, settings);
  const choice = await chooseProvider(client, entry.id, manifest, load, settings.provider);
  return { entry, client, key: entry.id, ...choice };
}

/** Loads a network on one provider, under its id. */
export function loadNetwork(
  client: InferenceClient,
  entry: ModelEntry,
  provider: ProviderName,
  settings: EnhancerSettings,
): Promise<void> {
  const { tileLimit } = settings;
  const spec = {
    kind: 'onnx',
    manifest: manifestOf(entry),
    provider,
    threads: threadsOf(settings),
    tileLimit,
  } as const;
  return client.load(entry.id, spec);
}

/** Throws EnhanceError when the method is no network. */
export function manifestOf({ id, method }: ModelEntry): ModelManifest {
  if (method.kind !== 'onnx') throw new EnhanceError(`${id} is not a network`);
  return method.manifest;
}

/** Loads a classical method. */
export async function loadBuiltIn(client: InferenceClient, kind: BuiltInId, magnification: number): Promise<Rung> {
  const entry = builtIn(kind, magnification);
  const key = `${kind} x${magnification}`;
  await client.load(key, { kind, magnification });
  const frame = testFrame();
  await client.warmUp(key, testRequest(frame), [frame]); // The first run is compiled; the second tells the time.
  const { ms } = await client.warmUp(key, testRequest(frame), [frame]);
  return { entry, client, key, provider: 'cpu', refusals: {}, ms };
}

/**
 * A faster network of the same magnification for when the chosen one is late, if the registry has one. One that cannot be
 * loaded is left out: it is only a spare.
 */
export async function loadVideoRate(
  best: Rung,
  registry: Registry,
  settings: EnhancerSettings,
): Promise<Rung | undefined> {
  const candidates = registry.models.filter(
    ({ id, magnification, displayOnly, method }) =>
      !displayOnly &&
      method.kind === 'onnx' &&
      method.manifest.scopestream.tier === VIDEO_RATE &&
      method.manifest.samplesPerPixel === best.entry.samplesPerPixel &&
      magnification === best.entry.magnification &&
      id !== best.entry.id,
  );
  const loaded: Rung[] = [];
  for (const candidate of candidates) {
    const rung = await loadRung(best.client, candidate, { ...settings, provider: best.provider }).catch(
      () => undefined,
    );
    if (rung && rung.ms < FASTER * best.ms) loaded.push(rung);
  }
  return loaded.sort((a, b) => b.ms - a.ms)[0];
}

const BITS = { uint8: 8, uint16: 16 } as const;

/** Headroom of stored floating-point intensities above the session's brightest pixels. */
const FLOAT_HEADROOM = 4;

/**
 * Stored value per raw unit, a power of two that is fixed for the session: what is stored keeps fractions of a count and
 * never overflows. 2^(16 - significantBits) for integers.
 */
export function storedGain({ raw, description, normalisation }: NormalisedFrame): number {
  if (raw.pixelType !== 'float32') return 2 ** (16 - (description.significantBits ?? BITS[raw.pixelType]));
  const brightest = normalisation.offset + FLOAT_HEADROOM * normalisation.scale;
  return 2 ** Math.floor(Math.log2(65535 / Math.max(brightest, Number.MIN_VALUE)));
}

/** Networks for colour are made for 8 bit. */
export function takes({ entry }: Rung, { samplesPerPixel, pixelType }: Plane): boolean {
  return samplesPerPixel === 1 || entry.method.kind !== 'onnx' || pixelType === 'uint8';
}

/** One frame through one step. Rejects with EnhanceError. */
export async function runRung(
  { entry, client, key, provider }: Rung,
  step: number,
  frame: NormalisedFrame,
): Promise<Enhanced> {
  const { raw, history, normalisation, meta } = frame;
  const { sizeX, sizeY, samplesPerPixel } = raw;
  const gain = samplesPerPixel === 1 ? storedGain(frame) : 1;
  const frames = entry.method.kind === 'onnx' ? entry.method.manifest.temporalFrames : 1;
  const planes = [...(frames > 1 ? history.slice(1 - frames) : []), raw];
  const { offset, scale } = normalisation;
  const gaussianSigma = entry.method.kind === 'gaussian' ? (frame.gaussianSigma ?? GAUSSIAN_SIGMA) : undefined;
  const request = { sizeX, sizeY, samplesPerPixel, pixelType: raw.pixelType, offset, scale, gain, gaussianSigma };
  const result = await client.run(key, request, planes, entry.magnification).catch((error: unknown) => {
    throw new EnhanceError(`${meta.name}: ${entry.id}: ${messageOf(error)}`, { cause: error });
  });
  const { magnification } = entry;
  const pixelType: PixelType = result.pixelType;
  return {
    plane: {
      sizeX: sizeX * magnification,
      sizeY: sizeY * magnification,
      samplesPerPixel,
      pixelType,
      data: result.data,
    },
    intensityScale: 1 / gain,
    magnification,
    prediction: {
      predicted: true,
      modelId: entry.id,
      modelName: entry.name,
      modelVersion: entry.version,
      modelSha256: entry.sha256,
      license: entry.license,
      precision: entry.precision,
      provider,
      ladderStep: step,
      tiles: result.tiles,
      ...(gaussianSigma !== undefined && { gaussianSigma }),
      ...(entry.displayOnly && { displayOnly: true as const }),
    },
  };
}
