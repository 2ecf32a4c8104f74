import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { bestSigma } from '../../../models/evaluate/baselines.ts';
import { baselines, type Candidate } from '../../../models/evaluate/candidate.ts';
import { evaluate, SCENE_STATISTICS, TRUTH } from '../../../models/evaluate/evaluation.ts';
import { pairsInCsv, pairsInFolder, readPair } from '../../../models/evaluate/filePairs.ts';
import type { Pair } from '../../../models/evaluate/pair.ts';
import { asCsv } from '../../../models/evaluate/report/csv.ts';
import { asHtml } from '../../../models/evaluate/report/html.ts';
import { asText } from '../../../models/evaluate/report/text.ts';
import { simulatedPairs } from '../../../models/evaluate/simulatedPairs.ts';
import { ConfigError } from '../../../pipeline/errors.ts';
import { evaluateCommand } from '../../../server/cli/evaluate.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { CAMERA, expected, filaments, normal, seeded } from '../../pipeline/assess/scene.ts';

// Whole pictures are scored by every convention, which takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

let folder: string;
beforeEach(async () => {
  folder = temporaryFolder('evaluate');
});

async function writePng(path: string, size: number, value: (x: number, y: number) => number): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const data = Uint8Array.from({ length: size * size }, (_, i) => value(i % size, Math.floor(i / size)));
  await sharp(data, { raw: { width: size, height: size, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(path);
}

describe('pairs', () => {
  it('are files of the same name in two folders, with field and group from the name', async () => {
    await writePng(join(folder, 'low/12_0.png'), 16, (x, y) => x + 10 * y);
    await writePng(join(folder, 'high/12_0.png'), 16, (x, y) => 128 + (x + 10 * y) / 2);
    await writePng(join(folder, 'low/alone_1.png'), 16, () => 0);
    const paths = await pairsInFolder(folder, 'low', 'high');
    expect(paths).toMatchObject([{ name: '12_0', field: '12', group: '0' }]);

    const pair = await readPair(paths[0], { halfSample: true, fitTruth: true });
    expect(pair).toMatchObject({
      magnification: 2,
      significantBits: 8,
      raw: { sizeX: 8, sizeY: 8, samplesPerPixel: 1 },
    });
    expect([...pair.raw.data.subarray(0, 3)]).toEqual([0, 2, 4]); // Every second sample of the first line.
    // The truth was halved and lifted when it was stored; the fit undoes that.
    expect(Math.abs(pair.truth.data[5 * 16 + 3] - 53)).toBeLessThan(1);
  });

  it('can be listed in a CSV file', async () => {
    await writeFile(join(folder, 'pairs.csv'), 'raw,truth,field,group\n"a,1.png",b.png,f7,live\n');
    expect(await pairsInCsv(join(folder, 'pairs.csv'))).toEqual([
      { name: 'a,1', field: 'f7', group: 'live', raw: join(folder, 'a,1.png'), truth: join(folder, 'b.png') },
    ]);
    await writeFile(join(folder, 'bad.csv'), 'left,right\n');
    await expect(pairsInCsv(join(folder, 'bad.csv'))).rejects.toThrow(/bad.csv.*raw and truth/);
  });

  it('must be a whole factor apart', async () => {
    await writePng(join(folder, 'low/a.png'), 10, () => 1);
    await writePng(join(folder, 'high/a.png'), 16, () => 1);
    const [paths] = await pairsInFolder(folder, 'low', 'high');
    await expect(readPair(paths, { halfSample: false, fitTruth: true })).rejects.toThrow(ConfigError);
    await expect(pairsInFolder(folder, 'low', 'other')).rejects.toThrow(/other/);
  });
});

describe('evaluation', () => {
  const pairs = simulatedPairs({ preset: 'fv-video', sizeX: 64, sizeY: 64, photons: 20 }, 3, 2);

  const candidate = (id: string, enhance: (pair: Pair) => Pair['truth']): Candidate => ({
    id,
    description: id,
    displayOnly: false,
    enhance: async (exposure) => enhance(exposure as Pair),
    close: async () => {},
  });

  it('puts the truth above the best Gaussian and that above bicubic', async () => {
    const oracle = candidate('oracle', ({ truth }) => ({
      ...truth,
      data: truth.data.map((value, i) => value + (i % 2)),
    }));
    const { rows, summaries, ceilingPsnr, refused } = await evaluate(pairs, [...baselines(pairs), oracle]);
    const [bicubic, gaussian, best] = summaries.map(({ groups }) => groups[0].scores['psnr/si-psnr'].mean);
    expect(bicubic).toBeLessThan(gaussian);
    expect(gaussian).toBeLessThan(best);
    expect(summaries[1].aboveGaussian).toMatchObject({ mean: 0, low: 0, high: 0, fields: 3 });
    expect(summaries[2].aboveGaussian.low).toBeGreaterThan(5);
    expect(summaries[2].groups[0].scores['flux/slope'].mean).toBeCloseTo(1, 2);
    expect(rows).toHaveLength(9);
    expect(refused).toEqual([]);
    expect(ceilingPsnr).toBeUndefined();
  });

  it('refuses pairs that are not registered', async () => {
    const { sizeX, sizeY, data } = pairs[0].truth;
    const moved = Float32Array.from(data, (_, i) => data[(i % sizeX) + 8 < sizeX ? i + 8 : i]);
    const result = await evaluate([{ ...pairs[0], truth: { sizeX, sizeY, data: moved } }, pairs[1]], baselines(pairs));
    expect(result.refused).toHaveLength(1);
    expect(result.refused[0].because).toMatch(/raw pixels apart/);
    expect(asText(result)).toContain('not scored');
  });

  it('says how far statistics lie from those of long averages, with the truths themselves as the floor', async () => {
    const fields = Array.from({ length: 4 }, (_, k): Pair => {
      const random = seeded(k);
      const scene = expected(filaments(512, 1.5, k + 1), CAMERA);
      const truth = { ...scene, data: scene.data.map((value) => value + 2 * normal(random)) };
      const raw = { ...scene, samplesPerPixel: 1, pixelType: 'uint16', data: Uint16Array.from(truth.data) } as const;
      const name = `${k}_0`;
      return { ...pairs[0], name, field: `${k}`, group: '0', raw, truth, magnification: 1, truthIsExact: false };
    });
    const grainy = candidate('grainy', ({ truth }) => {
      const random = seeded(9);
      return { ...truth, data: truth.data.map((value) => value + 20 * normal(random)) };
    });
    const result = await evaluate(fields, [{ ...grainy, displayOnly: true }]);
    const [own, floor] = result.summaries.map(({ groups }) => groups[0].scores[SCENE_STATISTICS].mean);
    expect(floor).toBeLessThan(own / 2);
    expect(result.summaries[1]).toMatchObject({ candidate: TRUTH, displayOnly: false });
    expect(Object.keys(result.summaries[1].groups[0].scores)).toEqual([SCENE_STATISTICS]);

    // What pleases the eye is called so wherever it is named.
    expect(asText(result)).toMatch(/^grainy \(display only\)/m);
    expect(asText(result)).toContain('measure on none of its pictures');
    const [header, ...lines] = asCsv(result).trim().split('\n');
    expect(header).toMatch(/^candidate,use,pair,.*,nss-distance,/);
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/^grainy,display only,0_0,/);
    expect(lines[1]).toMatch(/^truth,,0_0,/);
    const html = asHtml({ title: 't', about: '', evaluation: result, samples: [] });
    expect(html).toContain('>grainy (display only)</th>');
    expect(html).toContain('>truth</th>');
    expect(html).toContain('measure on none of its pictures');
  });

  it('chooses the width of the best Gaussian with the truth in view', () => {
    const dim = simulatedPairs({ preset: 'fv-video', sizeX: 64, sizeY: 64, photons: 2 }, 3, 2);
    expect(bestSigma(dim)).toBeGreaterThan(bestSigma(pairs));
  });
});

describe('scopestream evaluate', () => {
  it('writes JSON, CSV and a report that needs nothing beside it', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const code = await evaluateCommand({
        simulator: 'fv-video',
        fields: 2,
        photons: 5,
        model: [],
        out: folder,
        pictures: 1,
      });
      expect(code).toBe(0);
      expect(write.mock.calls.join('')).toContain('best gaussian');
    } finally {
      write.mockRestore();
      errors.mockRestore();
    }
    const json = JSON.parse(await readFile(join(folder, 'evaluation.json'), 'utf8'));
    expect(json.summaries.map(({ candidate }: { candidate: string }) => candidate)).toEqual([
      'bicubic',
      'best gaussian',
    ]);
    const csv = await readFile(join(folder, 'evaluation.csv'), 'utf8');
    expect(csv.trim().split('\n')).toHaveLength(5);
    const html = await readFile(join(folder, 'report.html'), 'utf8');
    expect(html.match(/<img /g)).toHaveLength(6);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
  });

  it('names what is wrong with its options', async () => {
    await expect(evaluateCommand({})).rejects.toThrow(/--pairs.*--csv.*--simulator/);
    await expect(evaluateCommand({ simulator: 'nowhere' })).rejects.toThrow(/nowhere/);
    await expect(evaluateCommand({ simulator: 'smear' })).rejects.toThrow(/in colour/);
    await expect(evaluateCommand({ simulator: 'fv-video', fields: 1, model: ['none'] })).rejects.toThrow(
      /no model none/,
    );
  });
});
