/** Cells on the live page: the real service with the real packages, on a simulated smear that moves under the stage. */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { balances } from '../../pipeline/ledger.ts';
import { createService, type Service } from '../../server/app.ts';
import { loadConfig } from '../../server/config/load.ts';
import { PACKAGE_ROOT } from '../../server/packageRoot.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';
import { connectViewer } from '../fixtures/viewer.ts';
import { describeInBrowser, seriousFindings } from './browser.ts';

/** Raw pixels: 31 micrometres, a handful of cells. */
const SIZE = 192;
const WAIT = { timeout: 120_000, interval: 250 };
// Networks and WebGL share the processor.
vi.setConfig({ testTimeout: 300_000 });

/** A second package that finds cells in colour: the same network under another name. */
function copyOfSmearFind(zoo: string): void {
  const folder = join(zoo, 'smear-find-copy');
  cpSync(join(PACKAGE_ROOT, 'models/zoo/smear-find'), folder, { recursive: true });
  const description = join(folder, 'bioimageio.yaml');
  const text = readFileSync(description, 'utf8');
  writeFileSync(
    description,
    text.replace('id: smear-find\n', 'id: smear-find-copy\n').replace('name: Smear Find\n', 'name: Smear Find again\n'),
  );
}

describeInBrowser('cells on the live page', (browsing) => {
  const zoo = temporaryFolder('zoo');
  let service: Service;
  let page: Page;

  beforeAll(async () => {
    copyOfSmearFind(zoo);
    const config = loadConfig({
      environment: {},
      flags: {
        ...{ port: 0, logLevel: 'silent', 'model.folders': [zoo], 'cells.enabled': true, 'cells.model': 'smear-find' },
        ...{ 'source.simulator.preset': 'smear', 'source.simulator.size': SIZE, 'source.simulator.rate': 3 },
      },
    });
    service = await createService(config, { clientFolder: browsing.folder });
    page = await browsing.newPage({ viewport: { width: 1440, height: 900 } });
  }, 240_000);
  afterAll(async () => {
    await page.close();
    await service.close();
  }, 120_000);

  const panel = () => page.getByRole('region', { name: 'Cells' });
  const chooser = () => panel().getByLabel('Who finds cells');
  const marks = () => page.locator('.stage g.cell');
  const inView = async (): Promise<number> => Number(await panel().locator('tr.total td').first().innerText());
  const isMarked = (): Promise<void> =>
    vi.waitFor(async () => {
      expect(await marks().count()).toBeGreaterThan(0);
      expect(await inView()).toBeGreaterThan(0);
    }, WAIT);

  /** Holds a frame whose cells are known. On a busy computer the stage may have moved on since the last look: such a frame has none. */
  const holdMarked = async (): Promise<void> => {
    for (;;) {
      await isMarked();
      await page.keyboard.press('Space');
      await page.getByText('Held.').waitFor();
      if ((await marks().count()) > 0) return;
      await page.keyboard.press('Space');
      await page.getByText('Held.').waitFor({ state: 'detached' });
    }
  };

  it('marks each cell where it was found, with its name, and counts them by class', async () => {
    const { headers } = await connectViewer(service.url);
    await page.goto(`${service.url}#view?comparison=raw`);
    await holdMarked(); // All that is read belongs to one frame.
    await vi.waitFor(async () => expect(await inView()).toBe(await marks().count()), WAIT);

    const stage = (await page.locator('.stage').boundingBox())!;
    const zoom = Math.min(stage.width, stage.height) / SIZE;
    const drawn = await marks()
      .locator('rect:first-of-type')
      .evaluateAll((rects) =>
        rects.map((rect) => ['x', 'y', 'width', 'height'].map((name) => Number(rect.getAttribute(name)))),
      );
    const onScreen = ({ cells = [] }: (typeof headers)[number]): number[][] =>
      cells.map(({ box }) => [
        stage.width / 2 + (box.x - SIZE / 2) * zoom,
        stage.height / 2 + (box.y - SIZE / 2) * zoom,
        box.width * zoom,
        box.height * zoom,
      ]);
    const isAt = (found: number[][]): boolean =>
      found.length === drawn.length &&
      found.every((box, i) => box.every((value, side) => Math.abs(value - drawn[i]![side]!) < 1));
    expect(headers.filter((header) => isAt(onScreen(header)))).not.toEqual([]);

    const { labels } = service.state.cells!;
    const rows = await panel().locator('tbody tr:not(.total)').allInnerTexts();
    expect(rows.map((row) => row.split('\t')[0])).toEqual([...labels]);
    const counts = rows.map((row) => Number(row.split('\t')[1]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(drawn.length);
    const words = await marks().locator('text').allTextContents();
    for (const each of words) {
      expect(
        labels.some((label) => each.startsWith(label)),
        each,
      ).toBe(true);
      expect(each).toMatch(/\d\s%/);
    }
    await page.keyboard.press('Space');
  });

  it('has a name beside the mark of a cell', async () => {
    await vi.waitFor(async () => expect(await marks().locator('text').count()).toBeGreaterThan(0), WAIT);
  });

  it('hides the marks without switching the looks off', async () => {
    await isMarked();
    await page.getByRole('button', { name: 'Settings' }).click();
    const shown = page.getByLabel('Cells over the image');
    await shown.uncheck();
    await vi.waitFor(async () => expect(await marks().count()).toBe(0), WAIT);
    expect(service.state.cells).toMatchObject({ state: 'ready' });
    await shown.check();
    await page.keyboard.press('Escape');
    await isMarked();
  });

  it('is switched off and on from the panel, and given another package in the settings, while frames flow', async () => {
    const { arrived } = service.totals;
    await chooser().selectOption('');
    await vi.waitFor(() => expect(service.state.cells).toMatchObject({ state: 'off' }), WAIT);
    await vi.waitFor(async () => expect(await marks().count()).toBe(0), WAIT);
    await panel().locator('table').waitFor({ state: 'detached' });

    await chooser().selectOption('smear-find');
    await vi.waitFor(() => expect(service.state.cells).toMatchObject({ state: 'ready', modelId: 'smear-find' }), WAIT);
    await isMarked();

    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('dialog').getByLabel('Who finds cells').selectOption('smear-find-copy');
    await vi.waitFor(
      () => expect(service.state.cells).toMatchObject({ state: 'ready', modelId: 'smear-find-copy' }),
      WAIT,
    );
    await page.keyboard.press('Escape');
    await panel()
      .getByText(/Predicted by smear-find-copy/)
      .waitFor();
    await isMarked();

    const before = service.state.session!.id;
    await page.getByLabel('Model', { exact: true }).selectOption('bicubic');
    await vi.waitFor(() => expect(service.state.enhancer.modelId).toBe('bicubic'), WAIT);
    await isMarked();
    expect(service.state.session!.id).toBe(before);
    expect(service.totals.arrived).toBeGreaterThan(arrived);
    await page.getByText('The account balances.').waitFor();
    expect(balances(service.totals)).toBe(true);
  });

  it.each(['dark', 'light'])('has no serious accessibility finding (%s)', async (theme) => {
    // The service's policy for scripts keeps axe out as well: it is lifted for this page, and for no other one here.
    const inspected = await browsing.newPage({ viewport: { width: 1440, height: 900 }, bypassCSP: true });
    try {
      await inspected.goto(`${service.url}#view?theme=${theme}`);
      await inspected.locator('.stage g.cell').first().waitFor({ state: 'attached', timeout: WAIT.timeout });
      expect(await seriousFindings(inspected)).toEqual([]);
    } finally {
      await inspected.close();
    }
  });

  it('accounts for every frame, and the page made no mistake', async () => {
    await service.close();
    const { totals } = service;
    expect(totals.inFlight).toBe(0);
    expect(balances(totals)).toBe(true);
    expect(totals).toMatchObject({ corrupt: 0, unrecorded: 0, missing: 0, unenhanced: 0 });
  });
});
