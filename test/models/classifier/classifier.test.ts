import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openCellRegistry } from '../../../models/classifier/cellRegistry.ts';
import { createClassifier, type CellClassifier } from '../../../models/classifier/classifier.ts';
import type { CellSettings, LookEvent } from '../../../models/classifier/settings.ts';
import { ClassifyError } from '../../../pipeline/errors.ts';
import type { AssessedFrame, Enhanced, Plane } from '../../../pipeline/frame.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { frameOf } from '../fixtures/frames.ts';
import {
  CELL,
  DARK_BLUE,
  DARK_GREY,
  DARK_RED,
  discs,
  SIDE,
  writeTinyCells,
  type Rgb,
  type TinyCells,
} from './fixtures/tinyCells.ts';

// A start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const zoo = temporaryFolder('cells');
for (const id of ['tiny-find', 'tiny-name', 'tiny-outline'] as const) writeTinyCells(zoo, id);
const registry = await openCellRegistry([zoo]);

let classifier: CellClassifier | undefined;
afterEach(async () => {
  await classifier?.close();
  classifier = undefined;
});

/** Enough time for any look here, unless a test says otherwise. */
async function start(id: TinyCells, settings: Partial<CellSettings> = {}): Promise<CellClassifier> {
  const finder = registry.get(id);
  classifier = await createClassifier(finder, registry.namerFor(finder), { budgetMs: 1000, ...settings });
  return classifier;
}

/** A frame every ten seconds, so that half the time between two is more than any budget. */
const slowly = (raw: Plane, sequence: number, more: Partial<AssessedFrame> = {}): AssessedFrame => {
  const frame = frameOf(raw, sequence, { description: { significantBits: 8 }, ...more });
  return { ...frame, meta: { ...frame.meta, arrivedMs: 10_000 * sequence } };
};

/** A frame every millisecond: no time to wait for anything. */
const quickly = (raw: Plane, sequence: number): AssessedFrame => {
  const frame = slowly(raw, sequence);
  return { ...frame, meta: { ...frame.meta, arrivedMs: sequence } };
};

const two = discs([
  { x: 20, y: 20, colour: DARK_RED },
  { x: 44, y: 36, colour: DARK_BLUE },
]);

/** What a network might make of the frame: twice the size, edges aligned, and its discs in another colour. */
function enhanced(raw: Plane, recolour: (colour: Rgb) => Rgb): Enhanced {
  const data = new Uint8Array(raw.data.length * 4);
  for (let i = 0; i < raw.sizeX * raw.sizeY * 4; i++) {
    const from = 3 * (Math.floor(i / SIDE / 4) * SIDE + Math.floor((i % (2 * SIDE)) / 2));
    const colour = Array.from(raw.data.subarray(from, from + 3)) as unknown as Rgb;
    data.set(colour[0] === 250 ? colour : recolour(colour), 3 * i);
  }
  const prediction = { modelId: 'painter' } as Enhanced['prediction'];
  const plane = { ...raw, sizeX: 2 * SIDE, sizeY: 2 * SIDE, data };
  return { plane, intensityScale: 1, magnification: 2, prediction };
}

describe('looking at frames', () => {
  it('finds, names and follows cells', async () => {
    const cells = await start('tiny-find');
    const first = await cells.classify(slowly(two, 0));
    expect(first).toMatchObject({ cellsSeenIn: 0, cellsBy: 'tiny-find 1.0.0, tiny-name 1.0.0' });
    expect(first.cells).toHaveLength(2);
    const red = first.cells!.find(({ label }) => label === 'reddish')!;
    expect(red).toMatchObject({ kind: 'white cell', lookedAt: 'raw', looks: 1, box: { width: CELL, height: CELL } });
    expect(Object.values(red.probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 3);
    expect(first.cells!.find(({ label }) => label === 'bluish')).toBeDefined();
    const second = await cells.classify(slowly(two, 1));
    expect(second.cells!.map(({ id, looks }) => [id, looks])).toEqual(first.cells!.map(({ id }) => [id, 2]));
    expect(cells.tally).toEqual({ counted: { reddish: 1, bluish: 1 }, flips: 0 });
    cells.beginSession();
    expect(cells.tally).toEqual({ counted: {}, flips: 0 });
  });

  it('is unsure where no class stands out', async () => {
    const cells = await start('tiny-find');
    const { cells: [cell] = [] } = await cells.classify(slowly(discs([{ x: 20, y: 20, colour: DARK_GREY }]), 0));
    expect(cell).toMatchObject({ label: 'unsure', confidence: expect.closeTo(1 / 3, 2) });
  });

  it('looks at the enhanced frame, gives raw pixels, and tells when the enhancement decided', async () => {
    const looks: LookEvent[] = [];
    const cells = await start('tiny-find', { onLook: (look) => looks.push(look), compareEveryMs: 0 });
    const [raw] = (await cells.classify(slowly(two, 0))).cells!;
    const painted = { enhanced: enhanced(two, () => DARK_RED) };
    const found = (await cells.classify(slowly(two, 1, painted))).cells!;
    expect(found.map(({ lookedAt }) => lookedAt)).toEqual(['enhanced', 'enhanced']);
    expect(found.find(({ id }) => id === raw.id)!.box).toEqual(raw.box);
    const flips = found.map(({ flip }) => flip?.rawLabel);
    expect(flips.sort()).toEqual(['bluish', undefined]);
    expect(looks.map((look) => look.kind === 'looked' && look.flips)).toEqual([0, 1]);
    expect(cells.tally.flips).toBe(1);
  });

  it.each([
    ['for display only', { displayOnly: true }],
    ['bicubic, which adds nothing', { modelId: 'bicubic' }],
  ])('looks at raw where the enhanced picture is %s', async (_, how) => {
    const cells = await start('tiny-find', { compareEveryMs: 0 });
    const painted = enhanced(two, () => DARK_RED);
    const prediction = { ...painted.prediction, ...how } as Enhanced['prediction'];
    const found = (await cells.classify(slowly(two, 0, { enhanced: { ...painted, prediction } }))).cells!;
    expect(found.map(({ label, lookedAt }) => `${label} ${lookedAt}`).sort()).toEqual(['bluish raw', 'reddish raw']);
    expect(cells.tally.flips).toBe(0);
  });

  it('flags a cell that only the enhancement shows', async () => {
    const cells = await start('tiny-find', { compareEveryMs: 0 });
    const faint = discs([{ x: 20, y: 20, colour: [200, 190, 200] }]);
    expect((await cells.classify(slowly(faint, 0))).cells).toEqual([]);
    const { cells: [cell] = [] } = await cells.classify(
      slowly(faint, 1, { enhanced: enhanced(faint, () => DARK_RED) }),
    );
    expect(cell).toMatchObject({ label: 'reddish', flip: { rawLabel: 'not found', rawConfidence: 0 } });
  });

  it('finds outlines of what is bright, in raw pixels, on frames of any size', async () => {
    const cells = await start('tiny-outline');
    const [sizeX, sizeY] = [61, 45];
    const data = new Uint16Array(sizeX * sizeY).fill(110);
    for (let y = 10; y < 20; y++) data.fill(900, y * sizeX + 30, y * sizeX + 45);
    const frame = frameOf({ sizeX, sizeY, samplesPerPixel: 1, pixelType: 'uint16', data }, 0);
    const { cells: [cell, ...others] = [] } = await cells.classify(frame);
    expect(others).toEqual([]);
    expect(cell).toMatchObject({
      ...{ label: 'nucleus', box: { x: 30, y: 10, width: 15, height: 10 } },
      outline: [29.5, 9.5, 44.5, 9.5, 44.5, 19.5, 29.5, 19.5],
    });
    // The same field, predicted at twice the sampling: sample k of raw is sample 2 k.
    const large = new Uint16Array(4 * sizeX * sizeY);
    large.forEach((_, i) => {
      large[i] = data[Math.floor(i / (2 * sizeX) / 2) * sizeX + Math.floor((i % (2 * sizeX)) / 2)];
    });
    const plane: Plane = { sizeX: 2 * sizeX, sizeY: 2 * sizeY, samplesPerPixel: 1, pixelType: 'uint16', data: large };
    const prediction = { modelId: 'm' } as Enhanced['prediction'];
    const predicted = { enhanced: { plane, intensityScale: 1, magnification: 2, prediction } };
    const { cells: [again] = [] } = await cells.classify({ ...frame, ...predicted });
    expect(again).toMatchObject({
      id: cell.id,
      lookedAt: 'enhanced',
      box: { x: 30.25, y: 10.25, width: 15, height: 10 },
    });
  });

  it('sees no cells in noise, without asking the network', async () => {
    const looks: LookEvent[] = [];
    const cells = await start('tiny-outline', { onLook: (look) => looks.push(look) });
    const data = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => 500 + ((i * 7919) % 401));
    const noise = frameOf({ sizeX: SIDE, sizeY: SIDE, samplesPerPixel: 1, pixelType: 'uint16', data }, 0);
    expect(await cells.classify(noise)).toMatchObject({ cells: [], cellsSeenIn: 0 });
    expect(looks).toEqual([]);
  });

  it('says of frames that it does not look at that they are none', async () => {
    const cells = await start('tiny-outline');
    await expect(cells.classify(slowly(two, 0))).rejects.toThrow(ClassifyError);
    await expect(cells.classify(slowly(two, 0))).rejects.toThrow(/looks at grey frames, and these are in colour/);
  });
});

describe('time', () => {
  it('lets an image go on at once when its look cannot be ready, and brings the cells with the next one', async () => {
    const looks: LookEvent[] = [];
    const cells = await start('tiny-find', { budgetMs: 0, onLook: (look) => looks.push(look) });
    const late = await cells.classify(quickly(two, 0));
    expect(late).toEqual({ cellsSkipped: 'late' });
    expect(await cells.classify(quickly(two, 1))).toEqual({ cellsSkipped: 'busy' });
    await expect.poll(() => looks.some(({ kind }) => kind === 'looked'), { timeout: 20_000 }).toBe(true);
    const next = await cells.classify(quickly(two, 2));
    expect(next).toMatchObject({ cellsSeenIn: 0, cellsSkipped: 'late' });
    expect(next.cells).toHaveLength(2);
    expect(next.cellsRepeated).toBeUndefined();
    expect(await cells.classify(quickly(two, 3))).toMatchObject({ cellsSeenIn: 0, cellsRepeated: true });
    expect(looks.filter(({ kind }) => kind === 'skipped').length).toBe(4);
  });

  it('shows no cells of one field on another', async () => {
    const cells = await start('tiny-find', { budgetMs: 0 });
    await cells.classify(quickly(two, 0));
    await expect.poll(() => cells.cells.length, { timeout: 20_000 }).toBe(2);
    const other = discs([{ x: 50, y: 10, colour: DARK_RED }]);
    expect(await cells.classify(quickly(other, 1))).toEqual({ cellsSkipped: 'late' });
  });

  it('gives every field its own cells, new ids and a comparison while the source waits', async () => {
    const cells = await start('tiny-find', { budgetMs: 0, sourceWaits: () => true });
    const other = discs([{ x: 20, y: 36, colour: DARK_RED }]);
    const ids: number[] = [];
    for (const [sequence, raw] of [two, other, two].entries()) {
      const painted = { enhanced: enhanced(raw, () => DARK_BLUE) };
      const sighting = await cells.classify(slowly(raw, sequence, painted));
      expect(sighting).toMatchObject({ cellsSeenIn: sequence });
      expect(sighting.cellsSkipped).toBeUndefined();
      expect(sighting.cells!.some(({ flip }) => flip?.rawLabel === 'reddish')).toBe(true);
      ids.push(...sighting.cells!.map(({ id }) => id));
    }
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    expect(cells.tally.counted).toEqual({ bluish: 5 });
  });

  it('costs a frame its cells when its process dies, and looks again when there is a new one', async () => {
    const cells = await start('tiny-find');
    await cells.classify(slowly(two, 0));
    const pids = execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('cellProcess') && Number(line.trim().split(/\s+/)[1]) === process.pid);
    expect(pids).toHaveLength(1);
    process.kill(Number(pids[0].trim().split(/\s+/)[0]), 'SIGKILL');
    const stateNow = () => cells.state;
    while (stateNow() === 'ready') await delay(5);
    await expect(cells.classify(slowly(two, 1))).rejects.toThrow(/frame-1: tiny-find: .*restarting/);
    while (stateNow() !== 'ready') await delay(20);
    expect((await cells.classify(slowly(two, 2))).cells).toHaveLength(2);
  });
});

describe('packages', () => {
  it('that are broken are named and left out', async () => {
    const folder = temporaryFolder('cells');
    writeTinyCells(folder, 'tiny-find', (config) => (config['thresholds'] = [0.1, 0.2]));
    writeTinyCells(folder, 'tiny-name', (config) => (config['classes'] = ['one']));
    const { finders, namers, broken, get } = await openCellRegistry([folder]);
    expect([...finders, ...namers]).toEqual([]);
    expect(broken.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(/config.scopestream.thresholds: there must be one for each/),
      expect.stringMatching(/config.scopestream.classes/),
    ]);
    expect(() => get('tiny-find')).toThrow(ClassifyError);
  });

  it('find cells although nobody names them', async () => {
    const folder = temporaryFolder('cells');
    writeTinyCells(folder, 'tiny-find');
    const alone = await openCellRegistry([folder]);
    const finder = alone.get('tiny-find');
    classifier = await createClassifier(finder, alone.namerFor(finder), { budgetMs: 1000 });
    const { cells } = await classifier.classify(slowly(two, 0));
    expect(cells!.map(({ label }) => label)).toEqual(['white cell', 'white cell']);
    expect(classifier.labels).toEqual(['white cell']);
  });
});
