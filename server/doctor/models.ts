import { createEnhancer } from '../../models/enhancer/enhancer.ts';
import { messageOf } from '../../pipeline/errors.ts';
import { probeProviders, SHIPPED_ZOO } from '../cli/models.ts';
import type { Config } from '../config/schema.ts';
import type { Finding } from './finding.ts';

export async function providers(): Promise<Finding[]> {
  const { working, refusals } = await probeProviders();
  return [
    {
      what: 'providers',
      ok: working.length > 0,
      found: working.join(', ') || 'none',
      advice: working.length > 0 ? undefined : 'onnxruntime does not run here: reinstall with npm ci',
    },
    ...Object.entries(refusals).map(([provider, why]) => ({
      what: `  ${provider}`,
      ok: true,
      found: `not used: ${why}`,
    })),
  ];
}

/** Loads the model that a session would begin with, and what stands below it on the ladder. */
export async function chosenModel({ model: { id, folders, provider, threads } }: Config): Promise<Finding[]> {
  const what = 'model';
  try {
    const zooFolders = [SHIPPED_ZOO, ...folders];
    const enhancer = await createEnhancer({ model: id, zooFolders, provider, threads });
    const { modelId, modelVersion, provider: runsOn, steps, because } = enhancer.status;
    const { broken } = enhancer.registry;
    await enhancer.close();
    const found = `${modelId} ${modelVersion} on ${runsOn}; ladder: ${steps.join(', ')}`;
    const isFirstChoice = because === 'best';
    return [
      { what, ok: isFirstChoice, found, advice: isFirstChoice ? undefined : because },
      // A session runs without them.
      ...broken.map(({ problem }) => ({ what: '  package', ok: true, found: `left out: ${problem}` })),
    ];
  } catch (error) {
    return [{ what, ok: false, found: messageOf(error), advice: '`scopestream models` lists those that run here' }];
  }
}
