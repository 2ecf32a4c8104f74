import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLASSICAL_ARMS } from '../../../../models/evaluate/classify/arms.ts';
import { blankCell } from '../../../../models/evaluate/classify/blankCells.ts';
import {
  cleanlyReduced,
  INSTRUMENT_DEFAULTS,
  instrumentReduced,
} from '../../../../models/evaluate/classify/degradation.ts';
import { repeated, resampled, type FilterName } from '../../../../models/evaluate/classify/resample.ts';
import { cropped, luma, middleSquare } from '../../../../models/evaluate/classify/rgb.ts';
import { createComparison, frcBands } from '../../../../models/evaluate/classify/similarity.ts';
import { python } from '../../../fixtures/python.ts';
import { blobs, flat, worstDifference } from './pictures.ts';

const CASES: readonly [FilterName, number, number][] = [
  ['bicubic', 64, 64],
  ['bicubic', 512, 512],
  ['triangle', 96, 96],
  ['triangle', 224, 224],
  ['triangle', 300, 300],
];

describe('resampling', () => {
  it.skipIf(!python)('is Pillow’s bit for bit', () => {
    const picture = blobs(256, 256, 5);
    const input = JSON.stringify({ ...picture, data: [...picture.data], cases: CASES });
    const script = join(import.meta.dirname, 'golden_resample.py');
    const golden = JSON.parse(execFileSync(python!, [script], { input, encoding: 'utf8', maxBuffer: 2 ** 28 }));
    CASES.forEach(([filter, x, y], i) => {
      expect(worstDifference(resampled(picture, x, y, filter).data, golden[i]), `${filter} ${x}x${y}`).toBe(0);
    });
  });

  it('keeps a flat colour exactly, borders included', () => {
    for (const filter of ['triangle', 'bicubic'] as const) {
      for (const side of [16, 224]) {
        const colour = [9, 120, 251] as const;
        const result = resampled(flat(64, 64, colour), side, side, filter).data;
        expect(worstDifference(result, flat(side, side, colour).data)).toBe(0);
      }
    }
  });

  it('weighs four neighbours of a reduction by four as Pillow does, by hand', () => {
    // Triangle of half-width 4 around output sample 1 of 3, which lies at 6: distances 0.5, 1.5, 2.5 and 3.5 on either side.
    const line = { sizeX: 12, sizeY: 1, data: new Uint8Array(36) };
    line.data.fill(160, 3 * 6, 3 * 7);
    expect(resampled(line, 3, 1, 'triangle').data[3]).toBe(Math.round((160 * 0.875) / 4));
  });

  it('repeats pixels', () => {
    const doubled = repeated({ sizeX: 2, sizeY: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) }, 2);
    expect([...doubled.data]).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
  });
});

describe('crops', () => {
  it('repeat the edge outside the picture', () => {
    const picture = { sizeX: 2, sizeY: 1, data: Uint8Array.of(1, 1, 1, 7, 7, 7) };
    const crop = cropped(picture, { left: -1, top: 0, side: 4 });
    expect([...luma(crop).data].map(Math.round)).toEqual([1, 1, 7, 7, 1, 1, 7, 7, 1, 1, 7, 7, 1, 1, 7, 7]);
  });

  it('find the middle', () => {
    expect(middleSquare(flat(360, 363, [0, 0, 0]), 1)).toEqual({ left: 0, top: 1, side: 360 });
    expect(middleSquare(flat(100, 100, [0, 0, 0]), 0.5)).toEqual({ left: 25, top: 25, side: 50 });
  });
});

describe('degradation', () => {
  const original = blobs(256, 256, 8);
  const poor = (name: string, seed = 1) => instrumentReduced(original, 4, INSTRUMENT_DEFAULTS, seed, name);

  it('is the same for the same seed and name, and another for another', async () => {
    const difference = async (name: string, seed?: number): Promise<number> =>
      worstDifference((await poor('a')).data, (await poor(name, seed)).data);
    expect(await difference('a')).toBe(0);
    expect(await difference('b')).toBeGreaterThan(3);
    expect(await difference('a', 2)).toBeGreaterThan(3);
  });

  it('has the noise that is stated', async () => {
    const grey = flat(256, 256, [128, 128, 128]);
    const settings = { ...INSTRUMENT_DEFAULTS, jpegQuality: 100 };
    const { data, sizeX } = await instrumentReduced(grey, 4, settings, 3, 'grey');
    expect(sizeX).toBe(64);
    const reds = luma({ sizeX, sizeY: 64, data }).data;
    const mean = reds.reduce((sum, value) => sum + value, 0) / reds.length;
    const variance = reds.reduce((sum, value) => sum + (value - mean) ** 2, 0) / reds.length;
    // Luma weighs three independent colours; the file rounds, and keeps the luma's noise whole.
    const perColour = (128 * 255) / settings.whiteElectrons + settings.readNoiseLevels ** 2;
    const expected = perColour * (0.299 ** 2 + 0.587 ** 2 + 0.114 ** 2);
    expect(mean).toBeCloseTo(128, 0);
    expect(variance / expected).toBeGreaterThan(0.9);
    expect(variance / expected).toBeLessThan(1.15);
  });

  it('costs more than clean reduction', async () => {
    const compare = createComparison(256);
    const bicubic = CLASSICAL_ARMS.find(({ id }) => id === 'bicubic')!;
    const clean = compare(await bicubic.enlarge(cleanlyReduced(original, 4)), original);
    const instrument = compare(await bicubic.enlarge(await poor('a')), original);
    expect(clean.psnr).toBeGreaterThan(instrument.psnr);
    expect(clean.ssim).toBeGreaterThan(instrument.ssim);
    expect(frcBands(clean.frc, 4).measured).toBeGreaterThan(frcBands(instrument.frc, 4).measured);
  });
});

describe('likeness', () => {
  it('is perfect for the original and has the decibels of a known error', () => {
    const original = blobs(64, 64, 2);
    const same = createComparison(64)(original, original);
    expect(same).toMatchObject({ psnr: Infinity });
    expect(same.ssim).toBeCloseTo(1, 6);
    expect(frcBands(same.frc, 4)).toEqual({ measured: expect.closeTo(1, 6), beyond: expect.closeTo(1, 6) });
    const brighter = { ...original, data: original.data.map((value) => Math.min(value + 10, 255)) };
    expect(createComparison(64)(brighter, original).psnr).toBeCloseTo(20 * Math.log10(255 / 10), 1);
  });
});

describe('blank cells', () => {
  const picture = blobs(128, 128, 4);
  const cell = { left: 44, top: 44, side: 40 };

  it('keep what lies around the cell, and nothing of the cell', () => {
    const { data } = blankCell('emptied', picture, cell, 1, 'x');
    expect([...data.subarray(0, 300)]).toEqual([...picture.data.subarray(0, 300)]);
    const inside = cropped({ ...picture, data }, { left: 54, top: 54, side: 20 });
    const spread = Math.max(...luma(inside).data) - Math.min(...luma(inside).data);
    expect(spread).toBeLessThan(25); // Noise of 3 levels, nothing else.
  });

  it('are background or noise alone where that is asked', () => {
    const background = luma(blankCell('background', picture, cell, 1, 'x')).data;
    expect(Math.max(...background) - Math.min(...background)).toBeLessThan(25);
    const noise = blankCell('noise', picture, cell, 1, 'x').data;
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    expect(mean).toBeGreaterThan(125);
    expect(mean).toBeLessThan(130);
  });
});
