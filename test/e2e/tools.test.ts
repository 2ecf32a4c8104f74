/** The tools of the image on the live page, by keyboard alone where there is a key. */

import type { Page } from 'playwright-core';
import { afterEach, expect, it, vi } from 'vitest';
import { still, type FakeFrame } from '../fakes/frames.ts';
import { startFakeService, type FakeOptions, type FakeService } from '../fakes/liveService.ts';
import { describeInBrowser } from './browser.ts';

const SIZE = 64;
const WAIT = { timeout: 60_000, interval: 100 };
/** Raw units from one column to the next, and from one row to the next. */
const [PER_COLUMN, PER_ROW] = [40, 1];

/** A ramp: what a shape reads says where it lies. */
const ramp: FakeFrame = {
  sizeX: SIZE,
  sizeY: SIZE,
  samplesPerPixel: 1,
  raw: Uint16Array.from(
    { length: SIZE * SIZE },
    (_, i) => 100 + (i % SIZE) * PER_COLUMN + Math.floor(i / SIZE) * PER_ROW,
  ),
  enhanced: Uint16Array.from({ length: 4 * SIZE * SIZE }, (_, i) => 16 * (50 + (i % 7))),
  enhancedScale: 1 / 16,
};
/** At the middle of the picture, between its four middle samples. */
const MIDDLE = 100 + ((SIZE - 1) / 2) * (PER_COLUMN + PER_ROW);

describeInBrowser('tools of the image', (browsing) => {
  let service: FakeService;
  let page: Page;

  afterEach(async () => {
    await page.close();
    await service.close();
  });

  const open = async (options: Partial<FakeOptions> = {}): Promise<void> => {
    service = await startFakeService({ rate: 0, frame: still(ramp), page: browsing.folder, ...options });
    page = await browsing.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(service.url);
    await vi.waitFor(() => expect(service.received()).toBeGreaterThan(0), WAIT);
  };
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Mean, deviation, least and most of the measured and of the predicted picture. */
  const readings = async (): Promise<number[][]> => {
    const rows = await page.locator('#measure-body tbody tr').allInnerTexts();
    return rows.map((row) =>
      row
        .split('\t')
        .slice(1)
        .map((text) => Number(text.replaceAll(/[\s,]/g, ''))),
    );
  };

  it('an ellipse is placed, read, moved and removed', async () => {
    await open();
    await press('o', 'Enter');
    await vi.waitFor(async () => expect(await readings()).toHaveLength(2), WAIT);
    const [[raw], [enhanced]] = (await readings()) as [number[], number[]];
    expect(raw).toBeCloseTo(MIDDLE, -1);
    expect(enhanced).toBeCloseTo(53, 0);
    await press('Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight');
    await vi.waitFor(async () => expect((await readings())[0]![0]! - raw!).toBeCloseTo(3 * PER_COLUMN, -1), WAIT);
    await press('Delete');
    await page.locator('#measure-body').waitFor({ state: 'detached' });
  }, 120_000);

  it('a line profile is drawn, and its numbers are copied', async () => {
    await open();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await press('n', 'Enter');
    await page.getByRole('img', { name: 'Intensity along the line' }).waitFor();
    await page.locator('#measure-body').getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied the curves of shape 1.').waitFor();
    const [head, ...rows] = (await page.evaluate<string>('navigator.clipboard.readText()')).split('\n');
    expect(head).toBe('distance (µm)\traw\tenhanced');
    const numbers = rows.map((row) => row.split('\t').map((text) => (text === '' ? NaN : Number(text))));
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers.flat().every(Number.isFinite)).toBe(true); // Both curves have a value at each place.
    const raw = numbers.map(([, value]) => value!);
    // Down the diagonal of a ramp no sample is darker than the one before, and the last is many columns brighter.
    expect(raw).toEqual(raw.toSorted((a, b) => a - b));
    expect(raw.at(-1)! - raw[0]!).toBeGreaterThan(5 * PER_COLUMN);
  }, 120_000);

  it('a distance is told in micrometre', async () => {
    await open();
    await press('d', 'Enter');
    await page
      .locator('#measure-body')
      .getByText(/^[\d.]+ (µm|nm)$/)
      .waitFor();
    expect(await readings()).toEqual([]);
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page.locator('#measure-body').waitFor({ state: 'detached' });
  }, 120_000);

  it('raw is shown while its key is held', async () => {
    await open();
    await press('3');
    const labels = () => page.locator('.stage p').allInnerTexts();
    await vi.waitFor(async () => expect((await labels()).join()).toContain('PREDICTED'), WAIT);
    await page.keyboard.down('r');
    await vi.waitFor(async () => expect((await labels()).join()).toContain('MEASURED'), WAIT);
    expect((await labels()).join()).not.toContain('PREDICTED');
    await page.keyboard.up('r');
    await vi.waitFor(async () => expect((await labels()).join()).toContain('PREDICTED'), WAIT);
  }, 120_000);

  it('blink shows one after the other, each under its name', async () => {
    await open();
    await press('5');
    for (const word of ['MEASURED', 'PREDICTED', 'MEASURED'])
      await vi.waitFor(async () => expect(await page.locator('.stage p').first().innerText()).toContain(word), WAIT);
  }, 120_000);

  it('keys switch what the toolbar switches', async () => {
    await open();
    for (const [key, name] of [
      ['x', 'Pixels'],
      ['h', 'Limits'],
      ['t', 'Flagged'],
    ] as const) {
      const button = page.getByRole('toolbar').getByRole('button', { name });
      const before = await button.getAttribute('aria-pressed');
      await press(key);
      await vi.waitFor(async () => expect(await button.getAttribute('aria-pressed')).not.toBe(before), WAIT);
    }
    const colours = page.getByLabel('Colours');
    const before = await colours.inputValue();
    await press('l');
    await vi.waitFor(async () => expect(await colours.inputValue()).not.toBe(before), WAIT);
    await press('\\');
    await page.locator('#contrast-body').waitFor({ state: 'detached' });
  }, 120_000);

  it('fills the screen and gives it back', async () => {
    await open();
    const isFull = () => page.evaluate<boolean>('document.fullscreenElement !== null');
    await press('g');
    await vi.waitFor(async () => expect(await isFull()).toBe(true), WAIT);
    await press('g');
    await vi.waitFor(async () => expect(await isFull()).toBe(false), WAIT);
  }, 120_000);

  it('two channels lie over each other, and each can be taken away', async () => {
    const channels = [{ name: 'actin' }, { name: 'nuclei' }];
    await open({
      rate: 10,
      frame: (sequence) => ({ ...ramp, channel: sequence % 2 }),
      acquisition: { channels },
    });
    const shown = (name: string) => page.getByRole('checkbox', { name: `Show ${name}` });
    await shown('nuclei').waitFor();
    expect(await shown('actin').isChecked()).toBe(true);
    await shown('nuclei').uncheck();
    expect(await shown('nuclei').isChecked()).toBe(false);
    await page.getByRole('button', { name: 'actin' }).click();
    expect(await page.getByRole('button', { name: 'actin' }).getAttribute('aria-pressed')).toBe('true');
  }, 120_000);
});
