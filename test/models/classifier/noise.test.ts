import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openCellRegistry } from '../../../models/classifier/cellRegistry.ts';
import type { CellFinder } from '../../../models/classifier/cellPackage.ts';
import { glanceAt, hasStructure, isSameField } from '../../../models/classifier/field.ts';
import { openLooker } from '../../../models/classifier/looker.ts';
import type { Plane } from '../../../pipeline/frame.ts';
import { normalisationOf } from '../../../pipeline/normalise.ts';
import { exposeFrame } from '../../../pipeline/source/simulator/exposure.ts';
import type { PresetName } from '../../../pipeline/source/simulator/presets.ts';
import { prepareBench, type SimulatorSettings } from '../../../pipeline/source/simulator/settings.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Frames of a simulated microscope, with the noise of its own detector. */
function framesOf(settings: SimulatorSettings, indices: readonly number[] = [0, 1, 2, 3]): Plane[] {
  const bench = prepareBench(settings);
  const { sizeX, sizeY } = bench.microscope;
  const { samplesPerPixel } = bench.scene;
  return indices.map((index) => {
    const data = exposeFrame(bench, index);
    return { sizeX, sizeY, samplesPerPixel, pixelType: data instanceof Uint8Array ? 'uint8' : 'uint16', data };
  });
}

const DARK = { kind: 'uniform', value: 0 } as const;
const EMPTY: Readonly<Record<string, SimulatorSettings>> = {
  'a closed shutter': { preset: 'blank' },
  'a dark field, video-rate confocal': { preset: 'nuclei', specimen: DARK },
  'a dark field, sCMOS': { preset: 'scmos', specimen: DARK },
  'a dark field, everything going wrong': { preset: 'nightmare', specimen: DARK },
};

describe('frames that are only noise', () => {
  it.each(Object.entries(EMPTY))('are known without asking a network: %s', (_, settings) => {
    expect(framesOf(settings).map((frame) => hasStructure(glanceAt(frame)))).toEqual([false, false, false, false]);
  });

  it.each(['nuclei', 'smear', 'fv-video', 'scmos', 'nightmare'] satisfies PresetName[])(
    'are told from a scene, and the scene is known again: %s',
    (preset) => {
      const [first, second] = framesOf({ preset }, [0, 1]).map(glanceAt);
      expect(hasStructure(first)).toBe(true);
      expect(isSameField(first, second)).toBe(true);
    },
  );

  // Not of nuclei: the simulator lays them out on one lattice, whatever the seed.
  it.each(['smear', 'fv-video', 'nightmare'] satisfies PresetName[])(
    'another field is known for another: %s',
    (preset) => {
      const [[one], [other]] = [1, 2].map((seed) => framesOf({ preset, seed }, [0]).map(glanceAt));
      expect(isSameField(one, other)).toBe(false);
    },
  );
});

const shipped = await openCellRegistry([join(import.meta.dirname, '../../../models/zoo')]);
const finderOf = (id: string): CellFinder | undefined => shipped.finders.find((finder) => finder.id === id);

/** What a network finds when it is asked all the same. */
async function cellsIn(finder: CellFinder, frames: readonly Plane[]): Promise<string[]> {
  const looker = await openLooker({ finder, threads: 1 });
  const { offset, scale } = normalisationOf(frames[0], 'first-frame');
  const found: string[] = [];
  for (const { data, ...shape } of frames) {
    const plane = { ...shape, magnification: 1, intensityScale: 1 };
    const cells = await looker.look({ planes: [plane], offset, scale, fullScale: 255, finderScale: 1 }, [data]);
    found.push(...cells.map(({ kind, confidence }) => `${kind} ${confidence.toFixed(2)}`));
  }
  await looker.release();
  return found;
}

describe('shipped networks that are shown nothing find nothing', () => {
  it.skipIf(!finderOf('nuclei-find'))('nuclei-find, in the noise of a dark field', async () => {
    expect(await cellsIn(finderOf('nuclei-find')!, framesOf({ preset: 'nuclei', specimen: DARK }))).toEqual([]);
  });

  it.skipIf(!finderOf('smear-find'))('smear-find, in an empty part of a smear', async () => {
    const empty: SimulatorSettings = { preset: 'smear', specimen: { kind: 'smear', isEmpty: true } };
    expect(await cellsIn(finderOf('smear-find')!, framesOf(empty))).toEqual([]);
  });
});
