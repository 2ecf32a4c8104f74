import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Cell, Plane } from '../../pipeline/frame.ts';
import { exportSession } from '../../pipeline/record/export/exportSession.ts';
import { openSession } from '../../pipeline/record/review.ts';
import { createService, type Service } from '../../server/app.ts';
import { loadConfig } from '../../server/config/load.ts';
import type { CommandResult } from '../../server/protocol.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';
import { connectViewer, type ReceivedFrame } from '../fixtures/viewer.ts';
import { DARK_BLUE, DARK_RED, discs, writeTinyCells } from '../models/classifier/fixtures/tinyCells.ts';
import { writeTinyColour } from '../models/fixtures/tinyColour.ts';

// Processes take seconds to start on a busy machine.
vi.setConfig({ testTimeout: 240_000 });
const SOON = { timeout: 100_000 };

const zoo = temporaryFolder('zoo');
for (const id of ['tiny-find', 'tiny-name', 'tiny-outline'] as const) writeTinyCells(zoo, id);
for (const kind of ['double', 'swap'] as const) writeTinyColour(zoo, kind);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(flags: Record<string, unknown>): Promise<Service> {
  const service = await createService(
    loadConfig({
      environment: {},
      flags: {
        ...{ port: 0, logLevel: 'silent', 'model.id': 'bicubic', 'model.folders': [zoo], 'cells.budgetMs': 1000 },
        ...flags,
      },
    }),
  );
  closing.push(() => service.close());
  return service;
}

const ledgerOf = (recordings: string) => {
  const [session] = readdirSync(recordings);
  const path = join(recordings, session);
  const lines = readFileSync(join(path, 'frames.jsonl'), 'utf8').trim().split('\n');
  return { path, rows: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
};

describe('cells in the service', () => {
  it('are off by default, and switched on, changed and off while frames flow', async () => {
    const service = await start({ 'source.simulator.preset': 'nuclei', 'source.simulator.size': 64 });
    const { client, headers } = await connectViewer(service.url);
    const choose = (id: string | null) =>
      new Promise<CommandResult>((done) => void client.emit('chooseCells', id, done));
    await expect.poll(() => headers.length, SOON).toBeGreaterThan(2);
    expect(headers.every(({ cells, cellsSkipped }) => cells === undefined && cellsSkipped === undefined)).toBe(true);
    expect(service.state.cells).toMatchObject({ state: 'off' });
    expect(service.state.cells!.choices.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['tiny-find', 'tiny-outline']),
    );

    expect(await choose('tiny-outline')).toEqual({ ok: true });
    expect(service.state.cells).toMatchObject({ state: 'ready', modelId: 'tiny-outline', labels: ['nucleus'] });
    await expect.poll(() => headers.at(-1)!.cells?.length ?? 0, SOON).toBeGreaterThan(0);
    const header = headers.at(-1)!;
    expect(header.cellsSeenIn).toBeLessThanOrEqual(header.sequence);
    expect(header.cells![0]).toMatchObject({ kind: 'nucleus', label: 'nucleus', lookedAt: 'raw' });
    const metrics = async () => (await fetch(`${service.url}metrics`)).text();
    await expect.poll(metrics, SOON).toMatch(/scopestream_cells_counted\{label="nucleus"\} [1-9]/);
    expect(await metrics()).toMatch(/scopestream_cells\{label="nucleus"\} \d/);
    expect(await metrics()).toMatch(/scopestream_classify_seconds_count [1-9]/);

    expect(await choose('tiny-find')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/colour frames only/),
    });
    expect(await choose('nobody')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/there are .*tiny-outline/),
    });
    expect(service.state.cells).toMatchObject({ state: 'ready', modelId: 'tiny-outline' });

    expect(await choose(null)).toEqual({ ok: true });
    const before = headers.at(-1)!.sequence;
    await expect.poll(() => headers.at(-1)!.sequence, SOON).toBeGreaterThan(before + 3);
    expect(headers.at(-1)!.cells).toBeUndefined();
    expect(service.state.cells).toMatchObject({ state: 'off' });
  });

  it('never hold an image up: what is not ready in time goes on, says so, and is counted', async () => {
    const recordings = temporaryFolder('recordings');
    const service = await start({
      ...{ 'source.simulator.preset': 'nuclei', 'source.simulator.size': 128, 'source.simulator.rate': 100 },
      // A look at four times the sampling takes longer than a tenth of the time between frames, however busy the machine.
      ...{ 'cells.enabled': true, 'cells.model': 'tiny-outline', 'cells.budgetMs': 0, 'cells.scale': 4 },
      ...{ 'record.folder': recordings, 'record.enabled': true },
    });
    await expect.poll(() => service.state.cells!.state, SOON).toBe('ready');
    const { arrived } = service.totals;
    await expect.poll(() => service.totals.arrived, SOON).toBeGreaterThan(arrived + 30);
    await service.close();
    const { rows } = ledgerOf(recordings);
    const frames = rows.filter((row) => 'sequence' in row && 'end' in row);
    const looked = frames.filter((row) => row['cells'] !== undefined);
    const skipped = frames.filter((row) => row['cellsSkipped'] !== undefined);
    expect(looked.length).toBeGreaterThan(0);
    expect(skipped.length).toBeGreaterThan(0);
    // Each look stands in the ledger once, with the frame that it looked at.
    const seenIn = looked.map((row) => row['cellsSeenIn'] as number);
    expect(new Set(seenIn).size).toBe(seenIn.length);
    looked.forEach((row) => expect(row['cellsSeenIn']).toBeLessThanOrEqual(row['sequence'] as number));
  });
});

/** Colour pictures with cells in a folder, and what they hold; no two pixels of the background are alike. */
async function fieldsOnDisk(): Promise<{ readonly folder: string; readonly fields: readonly Plane[] }> {
  const folder = temporaryFolder('pictures');
  const fields = [
    discs([{ x: 20, y: 20, colour: DARK_RED }]),
    discs([
      { x: 44, y: 20, colour: DARK_BLUE },
      { x: 20, y: 44, colour: DARK_RED },
    ]),
    discs([{ x: 36, y: 36, colour: DARK_BLUE }]),
  ];
  // A mistake of a row, a column or a colour would show.
  fields.forEach(({ data }) =>
    data.forEach((value, i) => (data[i] = value === 250 ? 190 + ((i * 31 + (i % 3) * 17) % 61) : value)),
  );
  for (const [i, { sizeX: width, sizeY: height, data }] of fields.entries()) {
    await sharp(data as Uint8Array, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, `field-${i}.png`));
  }
  return { folder, fields };
}

/** Of a viewer who gives every frame back. */
async function framesShown(url: string): Promise<ReceivedFrame[]> {
  const shown: ReceivedFrame[] = [];
  await connectViewer(url, {
    onFrame: (frame) => {
      shown.push(frame);
      frame.received();
    },
  });
  return shown;
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\r\n');

describe('a session of colour', () => {
  it('keeps every colour exactly, from the file to the viewer and the disk, with its cells', async () => {
    const { folder, fields } = await fieldsOnDisk();
    const recordings = temporaryFolder('recordings');
    const service = await start({
      'model.id': 'double',
      ...{ 'source.kind': 'replay', 'source.replay.path': folder, 'source.replay.rate': 2 },
      ...{ 'cells.enabled': true, 'cells.model': 'tiny-find', 'cells.budgetMs': 0 },
      ...{ 'record.folder': recordings, 'record.enabled': true },
    });
    const shown = await framesShown(service.url);
    await service.ended();
    await expect.poll(() => shown.at(-1)?.header.sequence, SOON).toBe(2);
    await service.close();

    for (const { header, raw, enhanced } of shown) {
      const { data, sizeX } = fields[header.sequence];
      expect(Buffer.compare(raw, Buffer.from(data as Uint8Array))).toBe(0);
      // The network doubles each pixel, and both pictures cover the same field from edge to edge.
      const doubled = Uint8Array.from(enhanced!, (_, i) => {
        const pixel = Math.floor(i / 3);
        const [x, y] = [(pixel % (2 * sizeX)) >> 1, Math.floor(pixel / (2 * sizeX)) >> 1];
        return data[(y * sizeX + x) * 3 + (i % 3)];
      });
      expect(Buffer.compare(Buffer.from(enhanced!), Buffer.from(doubled))).toBe(0);
      expect(header.enhanced).toMatchObject({ magnification: 2, prediction: { modelId: 'double' } });
    }
    const { path, rows } = ledgerOf(recordings);
    const session = await openSession(path);
    for (const [i, { data }] of fields.entries()) {
      const { plane } = (await session.planeOf(i, 'raw'))!;
      expect(Buffer.compare(Buffer.from(plane.data.buffer), Buffer.from(data as Uint8Array))).toBe(0);
    }
    const cells = rows.filter((row) => 'cells' in row).map((row) => row['cells'] as Cell[]);
    expect(cells.map((field) => field.map(({ label }) => label).sort())).toEqual([
      ['reddish'],
      ['bluish', 'reddish'],
      ['bluish'],
    ]);
    const out = temporaryFolder('export');
    const files = await exportSession(session, { format: 'csv', what: 'raw', out });
    session.close();
    const table = linesOf(files.find((file) => file.endsWith('-cells.csv'))!);
    expect(table[0]).toMatch(/^seenIn,t,z,id,kind,label,confidence,.*,by,bluish,greenish,reddish$/);
    expect(table).toHaveLength(5);
    expect(table[1]).toMatch(/^0,0,0,1,white cell,reddish,.*"?tiny-find 1.0.0, tiny-name 1.0.0"?/);
  });

  it('tells wherever cells are told of that the enhancement decided, and not the cell', async () => {
    const { folder } = await fieldsOnDisk();
    const recordings = temporaryFolder('recordings');
    // The network turns red cells blue and blue ones red.
    const service = await start({
      ...{ 'model.id': 'swap', 'source.kind': 'replay', 'source.replay.path': folder, 'source.replay.rate': 2 },
      ...{ 'cells.enabled': true, 'cells.model': 'tiny-find', 'cells.compareEveryMs': 1 },
      ...{ 'record.folder': recordings, 'record.enabled': true },
    });
    const shown = await framesShown(service.url);
    await service.ended();
    await expect.poll(() => shown.at(-1)?.header.sequence, SOON).toBe(2);
    const metrics = await (await fetch(`${service.url}metrics`)).text();
    expect(metrics).toMatch(/^scopestream_cell_flips_total 4$/m);
    await service.close();

    const told = (cells: readonly Cell[] = []) =>
      cells.map(({ label, flip }) => `${label}, raw ${flip?.rawLabel}`).sort();
    const expected = [['bluish, raw reddish'], ['bluish, raw reddish', 'reddish, raw bluish'], ['reddish, raw bluish']];
    const { path, rows } = ledgerOf(recordings);
    expect(rows.filter((row) => 'cells' in row).map((row) => told(row['cells'] as Cell[]))).toEqual(expected);
    for (const { header } of shown) {
      expect(told(header.cells)).toEqual(expected[header.sequence]);
      expect(header.cells!.every(({ lookedAt }) => lookedAt === 'enhanced')).toBe(true);
    }
    const session = await openSession(path);
    const files = await exportSession(session, { format: 'csv', what: 'raw', out: temporaryFolder('export') });
    session.close();
    const [names, ...lines] = linesOf(files.find((file) => file.endsWith('-cells.csv'))!).map((line) =>
      line.split(','),
    );
    const column = (name: string) => lines.map((line) => line[names.indexOf(name)]);
    expect(column('rawLabel')).toEqual(['reddish', ...column('rawLabel').slice(1, 3), 'bluish']);
    expect(column('rawLabel').slice(1, 3).sort()).toEqual(['bluish', 'reddish']);
    expect(column('lookedAt')).toEqual(Array(4).fill('enhanced'));
  });
});
