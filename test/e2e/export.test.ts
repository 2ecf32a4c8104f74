/** Exports from the review page. */

import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { unzip } from 'unzipit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { describeInBrowser, seriousFindings } from './browser.ts';
import { record, startReviewService, type ReviewService } from './reviewService.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const ID = '20261121-010203-session';

describeInBrowser('exports', (browsing) => {
  let service: ReviewService;
  let page: Page;
  const { PATH } = process.env;

  beforeAll(async () => {
    service = await startReviewService(browsing.folder);
    await record(service.root, { id: ID, name: 'HeLa 3', frames: 40 });
  }, 120_000);
  afterAll(async () => {
    await service.close();
  });

  beforeEach(async () => {
    page = await browsing.newPage({ viewport: { width: 1280, height: 1400 }, acceptDownloads: true });
    await page.goto(`${service.url}/#review/${ID}`);
    await page.locator('.stage').getByText('PREDICTED').first().waitFor();
  });
  afterEach(async () => {
    process.env['PATH'] = PATH;
    await page.close();
  });

  const panel = (): Locator => page.locator('#export-body');
  const job = (words: string): Locator => panel().locator('li', { hasText: words }).first();
  const ask = async (format: string): Promise<void> => {
    await panel().getByLabel('As', { exact: true }).selectOption(format);
    await panel().getByRole('button', { name: 'Export', exact: true }).click();
  };
  const download = async (within: Locator, name: RegExp): Promise<Buffer> => {
    const link = within.getByRole('link', { name });
    await link.waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), link.click()]);
    return readFile(await file.path());
  };

  it('a table of every second frame between two', async () => {
    await page.getByRole('radio', { name: 'From – to' }).check({ force: true });
    await panel().getByLabel('First frame').fill('10');
    await panel().getByLabel('Last frame').fill('19');
    await panel().getByLabel('Every n-th').fill('2');
    await page.keyboard.press('Tab');
    await panel().getByText('5 frames', { exact: true }).waitFor();
    await ask('csv');
    const table = await download(job('CSV, frames 10 – 19, one of 2'), /csv/);
    expect(table.toString('utf8').trim().split('\n')).toHaveLength(1 + 5);
    expect(await seriousFindings(page)).toEqual([]);
  }, 180_000);

  it('the loop as OME-TIFF, a file each', async () => {
    await page.getByRole('radio', { name: 'Loop', exact: true }).check({ force: true });
    await panel().getByText('There is no loop').waitFor();
    await page.keyboard.press('i');
    for (let step = 0; step < 3; step++) await page.keyboard.press('.');
    await page.keyboard.press('u');
    await vi.waitFor(async () => expect(await panel().innerText()).toContain('4 frames'), WAIT);
    await ask('ome-tiff');
    const done = job('OME-TIFF, both, frames 0 – 3');
    const raw = await download(done, /raw/);
    expect([...raw.subarray(0, 2)]).toEqual([0x49, 0x49]);
    expect(await done.getByRole('link', { name: /enhanced/ }).count()).toBe(1);

    await done.getByRole('button', { name: /^Remove the export/ }).click();
    await done.waitFor({ state: 'detached' });
  }, 180_000);

  it('pictures, all in one ZIP', async () => {
    await page.getByRole('radio', { name: 'From – to' }).check({ force: true });
    await panel().getByLabel('First frame').fill('2');
    await panel().getByLabel('Last frame').fill('4');
    await page.keyboard.press('Tab');
    await ask('png');
    const archive = await download(job('PNG, both, frames 2 – 4'), /All 4 files as ZIP/);
    const { entries } = await unzip(new Uint8Array(archive));
    const pictures = Object.keys(entries).filter((name) => name.endsWith('.png'));
    expect(pictures).toHaveLength(3); // The fourth says how they were made.
    for (const name of pictures) {
      expect((await sharp(Buffer.from(await entries[name]!.arrayBuffer())).metadata()).format).toBe('png');
    }
  }, 180_000);

  it('is cancelled while it waits or runs', async () => {
    await ask('png');
    await ask('png');
    await panel()
      .getByRole('button', { name: /^Cancel the export/ })
      .first()
      .click();
    await vi.waitFor(async () => expect(await panel().locator('li .words').count()).toBeGreaterThanOrEqual(1), WAIT);
    await vi.waitFor(
      async () =>
        expect(
          await panel()
            .getByText(/Waits for its turn/)
            .count(),
        ).toBe(0),
      WAIT,
    );
  }, 180_000);

  it('says what a movie needs where ffmpeg is not installed, in words that can be copied', async () => {
    process.env['PATH'] = '/nonexistent';
    await ask('mp4');
    const failed = job('MP4, both');
    await failed.getByText(/mp4 needs ffmpeg.*install it/).waitFor();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await failed.getByRole('button', { name: 'Copy the message' }).click();
    await vi.waitFor(
      async () => expect(await page.evaluate('navigator.clipboard.readText()')).toContain('mp4 needs ffmpeg'),
      WAIT,
    );
  }, 180_000);
});
