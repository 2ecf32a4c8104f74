/** Cells of a recorded session: over its image and counted for the frame on show, as its ledger lists them. */

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Cell, CellSighting } from '../../pipeline/frame.ts';
import { frame } from '../pipeline/record/frames.ts';
import { describeInBrowser, seriousFindings } from './browser.ts';
import { record, startReviewService, type ReviewService } from './reviewService.ts';

const WITH_CELLS = '20261121-010203-smear';
const WITHOUT = '20261121-020304-plain';
const WAIT = { timeout: 60_000, interval: 100 };

const cell = (id: number, label: string, x: number): Cell => ({
  id,
  box: { x, y: 4, width: 4, height: 6 },
  kind: 'white cell',
  label,
  confidence: 0.9,
  probabilities: { lymphocyte: 0.9, monocyte: 0.1 },
  looks: 2,
  lookedAt: 'raw',
});
const flipped: Cell = { ...cell(3, 'lymphocyte', 11), flip: { rawLabel: 'monocyte', rawConfidence: 0.8 } };

/** What was known of cells in each frame. */
const SIGHTINGS: readonly CellSighting[] = [
  { cells: [cell(1, 'lymphocyte', 1), cell(2, 'monocyte', 6), flipped], cellsSeenIn: 0, cellsBy: 'finder 1.0.0' },
  { cells: [cell(1, 'lymphocyte', 1)], cellsSeenIn: 0, cellsRepeated: true, cellsSkipped: 'busy' },
  { cells: [cell(2, 'monocyte', 5)], cellsSeenIn: 1, cellsBy: 'finder 1.0.0', cellsSkipped: 'late' },
];

describeInBrowser('cells under review', (browsing) => {
  let service: ReviewService;
  let page: Page;

  beforeAll(async () => {
    service = await startReviewService(browsing.folder);
    const frames = SIGHTINGS.length;
    const sighted = (sequence: number) => ({ ...frame(sequence), ...SIGHTINGS[sequence] });
    await record(service.root, { id: WITH_CELLS, name: 'Blood smear', frames, frame: sighted });
    await record(service.root, { id: WITHOUT, name: 'HeLa 3', frames });
    page = await browsing.newPage({ viewport: { width: 1440, height: 900 } });
  }, 240_000);
  afterAll(async () => {
    await page.close();
    await service.close();
  }, 120_000);

  const panel = (name: string) => page.getByRole('region', { name });
  const marks = () => page.locator('.stage g.cell');
  const wordsOf = (name: string): Promise<string> => panel(name).innerText();

  it('are marked and counted for the frame on show, with who predicted them', async () => {
    await page.goto(`${service.url}/#review/${WITH_CELLS}?view=${encodeURIComponent('comparison=raw')}`);
    await vi.waitFor(async () => expect(await marks().count()).toBe(3), WAIT);
    const words = await wordsOf('Cells');
    expect(words).toMatch(/3 in this frame/);
    expect(words).toMatch(/lymphocyte\s+2/);
    expect(words).toMatch(/monocyte\s+1/);
    expect(words).toMatch(/Decided by enhancing\s+1/);
    expect(words).toMatch(/Predicted by finder 1.0.0/);
    expect(await marks().locator('text').allTextContents()).toContainEqual(expect.stringMatching(/monocyte 90\s%/));
    expect(await seriousFindings(page)).toEqual([]);
  }, 180_000);

  it('are not shown on where the ledger lists none, and it is said why', async () => {
    await page.keyboard.press('.');
    await vi.waitFor(async () => expect(await wordsOf('Cells')).toMatch(/another look was going on/), WAIT);
    expect(await marks().count()).toBe(0);
    await page.keyboard.press('.');
    await vi.waitFor(async () => expect(await wordsOf('Cells')).toMatch(/Seen in\s+frame 1/), WAIT);
    expect(await marks().count()).toBe(1);
    await page.keyboard.press('c');
    await vi.waitFor(async () => expect(await marks().count()).toBe(0), WAIT);
    await page.keyboard.press('c');
  }, 180_000);

  it('have a panel of their own for each of two sessions, and none for a session without cells', async () => {
    await page.goto(`${service.url}/#review/${WITHOUT}?with=${WITH_CELLS}`);
    await vi.waitFor(async () => expect(await wordsOf('Cells, B')).toMatch(/3 in this frame/), WAIT);
    expect(await panel('Cells, A').count()).toBe(0);
  }, 180_000);
});
