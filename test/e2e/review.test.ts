/** The review pages over really recorded sessions. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { fastify, type FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecorder } from '../../pipeline/record/recorder.ts';
import { reviewRoutes } from '../../server/review.ts';
import { acquisition, frame, pixelValue, row, totals } from '../pipeline/record/frames.ts';
import { buildPage, chromiumPath, launchBrowser, seriousFindings, type BuiltPage } from './browser.ts';

const FRAMES = 30;
const WAIT = { timeout: 60_000, interval: 100 };

describe.skipIf(!chromiumPath)(`the review pages${chromiumPath ? '' : ' (no Chromium found)'}`, () => {
  let built: BuiltPage;
  let browser: Browser;
  let root: string;
  let app: FastifyInstance;
  let url: string;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    built = await buildPage();
    browser = await launchBrowser();
    root = mkdtempSync(join(tmpdir(), 'scopestream-review-'));
    await record(root, '20261121-010203-first', 'HeLa 3');
    await record(root, '20261121-020304-second', 'COS-7');
    app = fastify();
    await app.register(reviewRoutes(root), { prefix: '/api' });
    await app.register(fastifyStatic, { root: built.folder });
    url = await app.listen({ port: 0, host: '127.0.0.1' });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await app.close();
    await built.remove();
    rmSync(root, { recursive: true, force: true });
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(60_000);
    problems.length = 0;
    page.on('pageerror', (error) => problems.push(error.message));
  });
  afterEach(async () => {
    await page.close();
    expect(problems).toEqual([]);
  });

  const cards = (): Promise<string[]> => page.locator('li h2').allInnerTexts();
  const where = (): Promise<string> => page.locator('.where').innerText();

  it('lists, searches, renames, deletes and takes back', async () => {
    await page.goto(`${url}/#review`);
    await vi.waitFor(async () => expect(await cards()).toEqual(['COS-7', 'HeLa 3']), WAIT);
    await page.getByText('Every frame kept').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByLabel('Search sessions').fill('hela');
    await vi.waitFor(async () => expect(await cards()).toEqual(['HeLa 3']), WAIT);
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Name', { exact: true }).fill('HeLa 3, well B4');
    await page.keyboard.press('Enter');
    await vi.waitFor(async () => expect(await cards()).toEqual(['HeLa 3, well B4']), WAIT);

    await page.getByRole('button', { name: 'Delete HeLa 3, well B4' }).click();
    await page.getByText(/is in the trash/).waitFor();
    await vi.waitFor(async () => expect(await cards()).toEqual([]), WAIT);
    await page.getByRole('button', { name: 'Undo' }).click();
    await vi.waitFor(async () => expect(await cards()).toEqual(['HeLa 3, well B4']), WAIT);
  }, 180_000);

  it('steps, scrubs, plays and marks a session', async () => {
    await page.goto(`${url}/#review`);
    await page.getByRole('link', { name: 'Open COS-7' }).click();
    await page.getByText('PREDICTED').first().waitFor();
    await page.keyboard.press('.');
    await page.keyboard.press('.');
    await vi.waitFor(async () => expect(await where()).toContain(`frame 2 of ${FRAMES}`), WAIT);

    const timeline = page.getByRole('slider', { name: 'Position in the session' });
    await timeline.focus();
    await page.keyboard.press('End');
    await vi.waitFor(async () => expect(await where()).toContain(`frame ${FRAMES - 1} of`), WAIT);
    const box = (await timeline.boundingBox())!;
    await page.mouse.click(box.x + (box.width * 10.5) / FRAMES, box.y + box.height - 10);
    await vi.waitFor(async () => expect(await where()).toContain('frame 10 of'), WAIT);

    await page.getByLabel('New note').fill('fission');
    await page.getByRole('button', { name: 'Mark this frame' }).click();
    await vi.waitFor(async () => expect(await page.locator('.timeline .time-mark').count()).toBe(1), WAIT);
    await page.locator('.about').click();
    await page.keyboard.press('.');
    await page.keyboard.press('j');
    await vi.waitFor(async () => expect(await where()).toContain('frame 10 of'), WAIT);
    await page.keyboard.press('Space');
    await vi.waitFor(async () => expect(await where()).not.toContain('frame 10 of'), WAIT);
  }, 180_000);

  it('shows the pixels that were recorded, the certificate and the Methods paragraph', async () => {
    await page.goto(`${url}/#review/20261121-020304-second`);
    await page.getByText('PREDICTED').first().waitFor();
    const stage = (await page.locator('.stage').boundingBox())!;
    // Just right of and below the middle of a picture of 16 x 16 samples lies sample (8, 8).
    const zoom = Math.min(stage.width, stage.height) / 16;
    await page.mouse.move(stage.x + stage.width / 2 + zoom / 2, stage.y + stage.height / 2 + zoom / 2);
    await page.getByText('x 8 y 8 px').waitFor();
    expect(await page.locator('p .measured').innerText()).toContain(String(pixelValue(0, 8, 8)));
    await page.getByText('balances', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Copy Methods' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  }, 180_000);
});

async function record(root: string, id: string, name: string): Promise<void> {
  const startedAt = `2026-11-21T0${id.includes('first') ? 1 : 2}:00:00.000Z`;
  const recording = await createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 8 }).open(
    acquisition({ id, name, startedAt }),
  );
  for (let sequence = 0; sequence < FRAMES; sequence++) {
    const one = frame(sequence);
    await recording.writeRaw(one);
    await recording.writeEnhanced(one);
    recording.writeRow(row(one, 'enhanced'));
  }
  await recording.close(totals({ arrived: FRAMES, recorded: FRAMES, enhanced: FRAMES }));
}
