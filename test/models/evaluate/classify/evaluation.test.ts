import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { evaluateCommand, type EvaluateOptions } from '../../../../server/cli/evaluate.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';
import { writeTinyColour } from '../../fixtures/tinyColour.ts';
import { CLASSES, writeCells, writeTinyEnlarger, writeTinyNamer } from './tinyCells.ts';

const folder = temporaryFolder('decisions');
const zoo = join(folder, 'zoo');
const cells = join(folder, 'cells');
const CELLS = 3;

const base: EvaluateOptions = {
  classify: true,
  cells,
  folders: [zoo],
  enhance: ['tiny-sr', 'tiny-gan'],
  classifier: ['tiny-namer'],
  blank: 1,
  lowSide: 32,
  json: true,
};

interface Result {
  readonly classes: string[];
  readonly cells: number;
  readonly skipped: { cell: string }[];
  readonly likeness: { condition: string; psnr: number }[];
  readonly panels: {
    design: string;
    family: string;
    degradation: string;
    verdict: string[];
    rows: {
      arm: string;
      kind: string;
      members: string[];
      figures: Record<string, { mean: number; sd: number | null }>;
      intervals: { gap: { value: number } };
      againstBicubic?: { accuracy: { value: number } };
      confusion: number[][];
      flips?: Record<string, number>;
    }[];
  }[];
  readonly blank: { blank: string; condition: string; refused: number; passed: boolean; count: number }[];
}

async function run(options: Partial<EvaluateOptions> = {}): Promise<Result> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    expect(await evaluateCommand({ ...base, ...options })).toBe(0);
  } finally {
    write.mockRestore();
  }
  return JSON.parse(written.join(''));
}

beforeAll(async () => {
  await writeCells(cells, CELLS);
  writeTinyEnlarger(zoo, 'tiny-sr');
  writeTinyColour(zoo, 'double');
  writeTinyEnlarger(zoo, 'tiny-gan', { displayOnly: true, tint: 150 });
  // Glass is as much of one colour as of another: no class stands out.
  writeTinyNamer(zoo, 'tiny-namer', { margin: 0.6, unsureBelow: 0.7 });
  for (const seed of [1, 2, 3]) writeTinyNamer(join(folder, 'seeds'), `seed${seed}`, { margin: 0.6 }, 0.02 * seed);
  writeTinyNamer(join(folder, 'per-arm/original'), 'seed1', { margin: 0.6 });
  writeTinyNamer(join(folder, 'per-arm/tiny-sr'), 'seed1', { margin: 0.6 });
  writeTinyNamer(join(folder, 'per-arm/tiny-sr'), 'seed2', { margin: 0.6 });
});

describe('scopestream evaluate --classify', { timeout: 120_000 }, () => {
  it('scores every arm by a fixed classifier, and sees what a tinting network does', async () => {
    const { panels, likeness, blank, classes, cells: count } = await run();
    expect(classes).toEqual(CLASSES);
    expect(count).toBe(3 * CELLS);
    expect(panels.map(({ degradation }) => degradation)).toEqual(['clean', 'instrument']);
    const [clean] = panels;
    expect(clean.rows.map(({ arm, kind }) => `${arm}: ${kind}`)).toEqual([
      'original: original',
      'nearest: nearest',
      'bicubic: bicubic',
      'tiny-sr: fidelity',
      'tiny-gan: gan',
    ]);
    const row = (arm: string) => clean.rows.find((each) => each.arm === arm)!;
    for (const arm of ['original', 'nearest', 'bicubic', 'tiny-sr']) expect(row(arm).figures.accuracy.mean).toBe(1);
    // Everything is green through the tint: only the green third is right, and all the rest was spoiled.
    expect(row('tiny-gan').figures.accuracy.mean).toBeCloseTo(1 / 3);
    expect(row('tiny-gan').intervals.gap.value).toBeGreaterThan(0.3);
    expect(row('tiny-gan').flips!.spoiled).toBeCloseTo(2 / 3);
    expect(row('tiny-gan').confusion.map((counts) => counts[CLASSES.indexOf('green')])).toEqual([CELLS, CELLS, CELLS]);
    expect(clean.verdict.join(' ')).toContain('tiny-gan (adversarial) is more confident than right');
    // The network that repeats pixels is the arm that repeats pixels.
    const psnr = (id: string) => likeness.find(({ condition }) => condition === id)!.psnr;
    expect(psnr('tiny-sr, clean')).toBeCloseTo(psnr('nearest, clean'), 12);
    expect(psnr('bicubic, clean')).toBeGreaterThan(psnr('bicubic, instrument'));
    expect(blank).toHaveLength(3 * 9);
    const glass = (id: string) => blank.find((each) => each.blank === 'background' && each.condition === id)!;
    expect(glass('original')).toMatchObject({ refused: 1, passed: true, count: 1 });
    expect(glass('tiny-gan, clean')).toMatchObject({ passed: false });
  });

  it('gives the same figures again', async () => {
    const options = { degradation: 'instrument', limit: 4, blank: 0, enhance: ['tiny-sr'] } as const;
    expect(await run(options)).toEqual(await run(options));
  });

  it('averages over trainings, and judges each arm by classifiers of its own', async () => {
    const { panels } = await run({
      classifier: [join(folder, 'seeds')],
      perArm: join(folder, 'per-arm'),
      degradation: 'clean',
      blank: 0,
    });
    const [fixed, own] = panels;
    expect(fixed).toMatchObject({ design: 'fixed', family: 'seeds' });
    expect(fixed.rows[0].members).toEqual(['seeds/seed1', 'seeds/seed2', 'seeds/seed3']);
    expect(fixed.rows[0].figures.confidence.sd).toBeGreaterThan(0.01);
    expect(own.design).toBe('per arm');
    expect(own.rows.map(({ arm, members }) => [arm, members.length])).toEqual([
      ['original', 1],
      ['tiny-sr', 2],
    ]);
    expect(own.rows[1].flips).toBeUndefined();
  });

  it('leaves classes out, and skips what cannot be read', async () => {
    writeFileSync(join(cells, 'red/torn.png'), 'no picture');
    const { classes, skipped, panels } = await run({ without: ['Green'], degradation: 'clean', blank: 0 });
    rmSync(join(cells, 'red/torn.png'));
    expect(classes).toEqual(['blue', 'red']);
    expect(skipped.map(({ cell }) => cell)).toEqual(['red/torn.png']);
    expect(panels[0].rows[0].confusion).toEqual([
      [CELLS, 0],
      [0, CELLS],
    ]);
  });

  it('writes a report that loads nothing, with the changed answers in pictures', async () => {
    const out = join(folder, 'report');
    await run({ out, degradation: 'clean', pictures: 2 });
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    expect(html).not.toMatch(/(src|href)="(?!data:|#)/);
    expect(html).not.toMatch(/NaN|undefined/);
    expect(html).toContain('more confident than right');
    expect(html).toMatch(/augmentations of a few hundred originals/);
    expect(html.match(/class="example"/g)).toHaveLength(2);
    const csv = readFileSync(join(out, 'decisions.csv'), 'utf8').trim().split('\n');
    expect(csv[0]).toBe('cell,source,label,arm,degradation,classifier,answer,confidence,unsure,p_blue,p_green,p_red');
    expect(csv).toHaveLength(1 + 3 * CELLS * 5);
    expect(JSON.parse(readFileSync(join(out, 'decisions.json'), 'utf8'))).toMatchObject({ cells: 3 * CELLS });
  });

  it.each([
    [{ cells: undefined }, /--cells/],
    [{ cells: '/nowhere' }, /nowhere/],
    [{ classifier: ['absent'] }, /no package absent/],
    [{ without: ['blue', 'red'] }, /at least two classes/],
    [{ instrument: ['dirt=3'] }, /blurPx/],
    [{ lowSide: 50 }, /32, 64 or 128/],
    [{ enhance: ['double'] }, /double returned 1x128x128x3 where 1x256x256x3 was expected/],
  ] as const)('refuses %o', async (options, problem) => {
    await expect(evaluateCommand({ ...base, ...options } as EvaluateOptions)).rejects.toThrow(problem);
  });
});
