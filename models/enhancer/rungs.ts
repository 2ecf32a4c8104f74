import { EnhanceError } from '../../pipeline/errors.ts';
import { chooseProvider, testFrame, testRequest, type ProviderName } from '../executionProvider.ts';
import type { InferenceClient } from '../inferenceClient.ts';
import { builtIn, type BuiltInId, type ModelEntry, type Registry } from '../registry.ts';
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

/** Packages of this tier are fast enough to stand in for a better one. */
const VIDEO_RATE = 'video-rate';

/** Loads a network on the best provider. Throws ProviderError, or EnhanceError when the process cannot be used. */
export async function loadRung(client: InferenceClient, entry: ModelEntry, settings: EnhancerSettings): Promise<Rung> {
  if (entry.method.kind !== 'onnx') throw new EnhanceError(`${entry.id} is not a network`);
  const { manifest } = entry.method;
  const { tileLimit } = settings;
  const load = (provider: ProviderName) =>
    client.load(entry.id, { kind: 'onnx', manifest, provider, threads: threadsOf(settings), tileLimit });
  const choice = await chooseProvider(client, entry.id, manifest, load, settings.provider);
  return { entry, client, key: entry.id, ...choice };
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
    ({ id, magnification, method }) =>
      method.kind === 'onnx' &&
      method.manifest.scopestream.tier === VIDEO_RATE &&
      magnification === best.entry.magnification &&
      id !== best.entry.id,
  );
  const loaded: Rung[] = [];
  for (const candidate of candidates) {
    const rung = await loadRung(best.client, candidate, { ...settings, provider: best.provider }).catch(
      () => undefined,
    );
    if (rung && rung.ms < best.ms) loaded.push(rung);
  }
  return loaded.sort((a, b) => b.ms - a.ms)[0];
}
