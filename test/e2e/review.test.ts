/** The review pages over really recorded sessions. */

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { colourPlane, frame, pixelValue } from '../pipeline/record/frames.ts';
import { describeInBrowser, PHONE, screenPixels, seriousFindings, widerThanWindow } from './browser.ts';
import { record, startReviewService, type ReviewService } from './reviewService.ts';

const FRAMES = 30;
const FIRST = '20261121-010203-first';
const SECOND = '20261121-020304-second';
const COLOUR = '20261121-000102-colour';
const WAIT = { timeout: 60_000, interval: 100 };

describeInBrowser('the review pages', (browsing) => {
  let service: ReviewService;
  let page: Page;

  beforeAll(async () => {
    service = await startReviewService(browsing.folder);
    await record(service.root, { id: FIRST, name: 'HeLa 3', startedAt: '2026-11-21T01:00:00.000Z', frames: FRAMES });
    await record(service.root, { id: SECOND, name: 'COS-7', startedAt: '2026-11-21T02:00:00.000Z', frames: FRAMES });
    await record(service.root, {
      id: COLOUR,
      name: 'Blood smear',
      startedAt: '2026-11-21T00:00:00.000Z',
      frames: 3,
      samplesPerPixel: 3,
      pixelType: 'uint8',
      significantBits: 8,
      channels: [{ name: 'colour' }],
      frame: (sequence) => ({ ...frame(sequence, {}, colourPlane(sequence)), enhanced: undefined }),
    });
  }, 120_000);
  afterAll(async () => {
    await service.close();
  });

  beforeEach(async () => {
    page = await browsing.newPage({ viewport: { width: 1440, height: 900 } });
  });
  afterEach(async () => {
    await page.close();
  });

  const cards = (): Promise<string[]> => page.locator('li h2').allInnerTexts();
  const where = (): Promise<string> => page.locator('.where').innerText();

  it('lists, searches, renames, deletes and takes back', async () => {
    await page.goto(`${service.url}/#review`);
    await vi.waitFor(async () => expect(await cards()).toEqual(['COS-7', 'HeLa 3', 'Blood smear']), WAIT);
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

  it('fits on a phone: a card opens where it is tapped, a finger scrolls past the timeline and scrubs along it', async () => {
    const phone = await browsing.newPage(PHONE);
    try {
      await phone.goto(`${service.url}/#review`);
      const title = (await phone.locator('li h2').first().boundingBox())!;
      expect(await widerThanWindow(phone)).toBe(0);
      await phone.touchscreen.tap(title.x + title.width / 2, title.y + title.height / 2);
      const timeline = phone.getByRole('slider', { name: 'Position in the session' });
      await timeline.waitFor();
      expect(await widerThanWindow(phone)).toBe(0);

      const devtools = await phone.context().newCDPSession(phone);
      const swipe = async (dx: number, dy: number): Promise<void> => {
        const { x, y, width } = (await timeline.boundingBox())!;
        for (let step = 0; step <= 10; step++) {
          const at = { x: x + width / 4 + (dx * step) / 10, y: y + 20 + (dy * step) / 10 };
          await devtools.send('Input.dispatchTouchEvent', {
            type: step === 0 ? 'touchStart' : 'touchMove',
            touchPoints: [at],
          });
        }
        await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      };
      const scrolled = () => phone.locator('.page').evaluate((element) => element.scrollTop);
      await swipe(0, -200);
      await vi.waitFor(async () => expect(await scrolled()).toBeGreaterThan(50), WAIT);
      expect(await timeline.getAttribute('aria-valuenow')).toBe('0');
      await swipe(150, 0);
      await vi.waitFor(
        async () => expect(Number(await timeline.getAttribute('aria-valuenow'))).toBeGreaterThan(10),
        WAIT,
      );
    } finally {
      await phone.close();
    }
  }, 120_000);

  it('steps, scrubs, plays and marks a session', async () => {
    await page.goto(`${service.url}/#review`);
    await page.getByRole('link', { name: 'Open COS-7' }).click();
    await page.locator('.stage').getByText('PREDICTED').first().waitFor();
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
    await page.goto(`${service.url}/#review/${SECOND}`);
    await page.locator('.stage').getByText('PREDICTED').first().waitFor();
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

  it('names a session in its own page, and copies a link to a frame', async () => {
    await page.goto(`${service.url}/#review/${SECOND}?at=7`);
    await vi.waitFor(async () => expect(await where()).toContain('frame 7 of'), WAIT);
    const name = page.getByLabel('Name of the session');
    await name.fill('COS-7, dish 2');
    await page.keyboard.press('Enter');
    await page.goto(`${service.url}/#review`);
    await vi.waitFor(async () => expect(await cards()).toContain('COS-7, dish 2'), WAIT);
  }, 180_000);

  it('says so where an address names no session, whatever it names', async () => {
    for (const wrong of ['none', `${COLOUR}#view`, `${COLOUR}/notes`]) {
      await page.goto(`${service.url}/#review/${encodeURIComponent(wrong)}`);
      await page.reload();
      await page
        .getByText(/there is no session|no such session/i)
        .first()
        .waitFor();
    }
  }, 180_000);

  it('shows colour as it is, in its whole range', async () => {
    await page.goto(`${service.url}/#review/${COLOUR}?view=${encodeURIComponent('comparison=raw&sampling=exact')}`);
    await page.reload();
    await page.locator('.stage').getByText('MEASURED').first().waitFor();
    expect(await page.getByLabel('Colours').isDisabled()).toBe(true);
    const expected = colourPlane(0).data;
    await vi.waitFor(async () => {
      const pixels = await screenPixels(page.locator('.stage'));
      const zoom = Math.min(pixels.width, pixels.height) / 16;
      for (const [x, y] of [
        [8, 5],
        [9, 9],
        [12, 10],
      ] as const) {
        const seen = pixels.at(pixels.width / 2 + (x - 7.5) * zoom, pixels.height / 2 + (y - 7.5) * zoom);
        const at = (y * 16 + x) * 3;
        seen.forEach((value, c) => expect(Math.abs(value - expected[at + c]!)).toBeLessThanOrEqual(1));
      }
    }, WAIT);
  }, 180_000);

  it('shows the channels of one time point together', async () => {
    const id = '20261121-000304-channels';
    await record(service.root, {
      id,
      name: 'Two channels',
      frames: 8,
      channels: [{ name: 'actin' }, { name: 'nuclei' }],
      frame: (sequence) => frame(sequence, { t: Math.floor(sequence / 2), c: sequence % 2 }),
    });
    await page.goto(`${service.url}/#review/${id}?at=4`);
    await page.getByRole('button', { name: 'nuclei' }).click();
    const upper = page.getByRole('slider', { name: 'Upper limit' });
    await upper.waitFor();
    await page.locator('.stage').getByText('MEASURED').first().waitFor();
    expect(await page.locator('.channels button').allInnerTexts()).toEqual(['actin', 'nuclei']);
  }, 180_000);
});
