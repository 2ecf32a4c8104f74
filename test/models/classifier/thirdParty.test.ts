import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openCellRegistry } from '../../../models/classifier/cellRegistry.ts';
import type { OutlineFinder } from '../../../models/classifier/cellPackage.ts';
import { openLooker } from '../../../models/classifier/looker.ts';
import { createTensorRun } from '../../../models/enhancer/tensorModel.ts';
import { openSession } from '../../../models/onnxSession.ts';
import { decodeArrived } from '../../../pipeline/decode/registry.ts';
import { normalisationOf } from '../../../pipeline/normalise.ts';
import { SHARED_DATA } from '../../fixtures/sharedData.ts';
import { readNpy } from '../fixtures/npy.ts';
import { worstDifference } from '../fixtures/worstDifference.ts';

vi.setConfig({ testTimeout: 120_000 });

/** A nuclei network that others made and that says nothing of Scopestream: https://bioimage.io, MIT. */
const ZOO = join(SHARED_DATA, 'bioimageio');
const FIELDS = join(SHARED_DATA, 'bbbc039');
const isThere = existsSync(join(ZOO, 'unet2d_nuclei_broad')) && existsSync(FIELDS);

describe.skipIf(!isThere)('a segmentation package of others (skipped without ../shared/data)', () => {
  it('is known for a finder of nuclei by its own description, and matches its own test output', async () => {
    const { finders } = await openCellRegistry([ZOO]);
    const [finder] = finders as OutlineFinder[];
    expect(finder).toMatchObject({ id: 'unet2d_nuclei_broad', gives: 'outlines', kinds: ['nucleus'], license: 'MIT' });
    const session = await openSession(finder.weights.path, { provider: 'cpu', threads: 2 });
    const run = createTensorRun(session, finder.tensor!, 1024);
    const { values } = await run(readNpy(join(finder.folder, 'test_input.npy')).data as Float32Array, 512, 512);
    expect(worstDifference(values, readNpy(join(finder.folder, 'test_output.npy')).data)).toBeLessThan(1e-3);
    await session.release();
  });

  it('outlines the nuclei of a real field', async () => {
    const finder = (await openCellRegistry([ZOO])).get('unet2d_nuclei_broad');
    const looker = await openLooker({ finder, threads: 2 });
    const name = readdirSync(FIELDS).sort()[1];
    const { plane } = await decodeArrived({
      ...{ type: 'frame', name, arrivedMs: 0, description: {}, completedBy: 'test' },
      payload: { kind: 'file', path: join(FIELDS, name), page: 0 },
    });
    const { sizeX, sizeY, samplesPerPixel, pixelType } = plane;
    const { offset, scale } = normalisationOf(plane, 'first-frame');
    const shape = { sizeX, sizeY, samplesPerPixel, pixelType, magnification: 1, intensityScale: 1 };
    const nuclei = await looker.look({ planes: [shape], offset, scale, fullScale: 65535, finderScale: 1 }, [
      plane.data,
    ]);
    await looker.release();
    // Otsu's threshold finds 83 pieces in this field, of which a few are nuclei that touch.
    expect(nuclei.length).toBeGreaterThan(78);
    expect(nuclei.length).toBeLessThan(95);
    for (const { box, outline, confidence, kind } of nuclei) {
      expect(kind).toBe('nucleus');
      expect(confidence).toBeGreaterThan(0.5);
      expect(outline!.length).toBeGreaterThanOrEqual(8);
      expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= sizeX && box.y + box.height <= sizeY).toBe(true);
    }
  });
});
