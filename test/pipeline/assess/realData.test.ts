import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RawWatch } from '../../../pipeline/assess/rawWatch.ts';
import { countPages, decodePayload } from '../../../pipeline/decode/registry.ts';
import type { MeasuredQuality } from '../../../pipeline/frame.ts';
import { normalisationOf } from '../../../pipeline/normalise.ts';
import { hasSharedData, SHARED_DATA } from '../../fixtures/sharedData.ts';

const folder = join(SHARED_DATA, 'lysosome');

async function watchStack(path: string): Promise<MeasuredQuality> {
  const watch = new RawWatch({ significantBits: 16, physicalSizeX: 0.129 });
  let offset: number | undefined;
  let measured: MeasuredQuality | undefined;
  for (let sequence = 0; sequence < (await countPages(path)); sequence++) {
    const { plane } = await decodePayload({ kind: 'file', path, page: sequence }, path);
    offset ??= normalisationOf(plane, 'first-frame').offset;
    const { sizeX, sizeY, data } = plane;
    measured = watch.observe({ sequence, sizeX, sizeY, samples: data, offset });
  }
  if (!measured) throw new Error(`${path} has no frames`);
  return measured;
}

describe.skipIf(!hasSharedData)('living cells whose lysosomes move and bleach', () => {
  it('show one and the same detector in each movie', async () => {
    const paths = readdirSync(folder).filter((name) => name.endsWith('.tif'));
    const movies = await Promise.all(paths.slice(0, 3).map((name) => watchStack(join(folder, name))));
    const gains = movies.map(({ gain }) => gain ?? NaN);
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
    for (const gain of gains) expect(Math.abs(gain / mean - 1)).toBeLessThan(0.1);
    for (const { rowCorrelation, intensityKept } of movies) {
      expect(Math.abs(rowCorrelation ?? NaN)).toBeLessThan(0.1);
      expect(intensityKept).toBeLessThan(0.95);
    }
  });
});
