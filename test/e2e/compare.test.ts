/** Two sessions side by side: a session and its replay with another model. */

import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { frame } from '../pipeline/record/frames.ts';
import { describeInBrowser, seriousFindings } from './browser.ts';
import { record, startReviewService, type ReviewService } from './reviewService.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const ORIGINAL = '20261121-010203-original';
const REPLAY = '20261121-020304-replay';
/** A time point that the replay does not have. */
const LOST = 2;

describeInBrowser('two sessions', (browsing) => {
  let service: ReviewService;
  let page: Page;

  beforeAll(async () => {
    service = await startReviewService(browsing.folder);
    await record(service.root, { id: ORIGINAL, name: 'HeLa 3', frames: 12 });
    await record(service.root, {
      id: REPLAY,
      name: 'HeLa 3, better model',
      startedAt: '2026-11-21T02:00:00.000Z',
      frames: 11,
      constants: { replayOf: ORIGINAL, model: { modelId: 'lumen-m' } },
      frame: (sequence) => {
        const one = frame(sequence, { t: sequence < LOST ? sequence : sequence + 1 });
        const prediction = { ...one.enhanced!.prediction, modelId: 'lumen-m', modelVersion: '2.0.0' };
        return { ...one, enhanced: { ...one.enhanced!, prediction } };
      },
    });
  }, 120_000);
  afterAll(async () => {
    await service.close();
  });

  beforeEach(async () => {
    page = await browsing.newPage({ viewport: { width: 1280, height: 800 } });
  });
  afterEach(async () => {
    await page.close();
  });

  const session = (letter: string): Locator => page.getByRole('region', { name: `Session ${letter},` });
  const stands = (letter: string, text: string): Promise<void> =>
    vi.waitFor(async () => expect(await session(letter).locator('.which').innerText()).toContain(text), WAIT);
  const zoomOf = (letter: string): Promise<string> => session(letter).locator('.about span').last().innerText();

  it('a replay is compared with its original at once, in step, with linked views', async () => {
    await page.goto(`${service.url}/#review/${REPLAY}?at=6`);
    await page.getByRole('button', { name: 'Compare with the original' }).click();
    await stands('A', 'lumen-m 2.0.0');
    await stands('B', 'bicubic 1.0.0');
    await stands('A', 'frame 6 of 11');
    // The same time point; one frame is missing from the replay.
    await stands('B', 'frame 7 of 12');
    await page.keyboard.press('.');
    await stands('A', 'frame 7 of 11');
    await stands('B', 'frame 8 of 12');
    await page.getByRole('radio', { name: 'By time' }).check({ force: true });
    await stands('B', 'frame 7 of 12');

    const before = await zoomOf('B');
    await page.keyboard.press('+');
    await vi.waitFor(async () => expect(await zoomOf('B')).not.toBe(before), WAIT);
    expect(await zoomOf('A')).toBe(await zoomOf('B'));
    expect(await seriousFindings(page)).toEqual([]);

    await page.getByRole('button', { name: 'End comparison' }).click();
    await session('B').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Compare with the original' }).waitFor();
  }, 180_000);

  it('another session is chosen, swapped, and says where it has no frame', async () => {
    await page.goto(`${service.url}/#review/${ORIGINAL}`);
    await page.getByRole('button', { name: 'Compare…' }).click();
    const choice = page.getByRole('dialog').getByRole('button', { name: /HeLa 3, better model/ });
    expect(await choice.innerText()).toContain('replay of this one');
    await choice.click();
    await stands('B', 'frame 0 of 11');
    for (let step = 0; step < LOST; step++) await page.keyboard.press('.');
    await session('B').getByText(`no frame beside frame ${LOST}`).waitFor();
    await page.keyboard.press('.');
    await stands('B', 'frame 2 of 11');
    await page.getByRole('button', { name: 'Swap' }).click();
    await stands('A', 'frame 2 of 11');
    await stands('B', 'frame 3 of 12');
    // A link opens the same comparison at the same frame.
    await page.reload();
    await stands('A', 'frame 2 of 11');
    await stands('B', 'frame 3 of 12');
  }, 180_000);

  it('one region is measured in both sessions, and contrast is shared by choice', async () => {
    await page.goto(`${service.url}/#review/${REPLAY}?with=${ORIGINAL}`);
    await stands('B', 'frame 0 of 12');
    const shared = page.getByRole('button', { name: 'Same contrast' });
    expect(await shared.getAttribute('aria-pressed')).toBe('true');
    await shared.click();
    expect(await shared.getAttribute('aria-pressed')).toBe('false');

    await page.keyboard.press('q');
    const stage = (await session('B').locator('.stage').boundingBox())!;
    const [x, y] = [stage.x + stage.width / 2 - 50, stage.y + stage.height / 2 - 50];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 100, y + 100, { steps: 3 });
    await page.mouse.up();
    const rows = page.locator('#measure-body tbody th');
    await vi.waitFor(
      async () => expect(await rows.allInnerTexts()).toEqual(['A raw', 'A enhanced', 'B raw', 'B enhanced']),
      WAIT,
    );
  }, 180_000);
});
