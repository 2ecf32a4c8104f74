/** The live page as a person uses it: every control, the keyboard, a dropped line, and accessibility. */

import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { shade } from '../../client/draw/scene.ts';
import { still, type FakeFrame } from '../fakes/frames.ts';
import { startFakeService, type FakeService } from '../fakes/liveService.ts';
import { describeInBrowser, PHONE, seriousFindings, widerThanWindow } from './browser.ts';

const SIZE = 64;
const WAIT = { timeout: 60_000, interval: 100 };

const ramp: FakeFrame = {
  sizeX: SIZE,
  sizeY: SIZE,
  samplesPerPixel: 1,
  raw: Uint16Array.from({ length: SIZE * SIZE }, (_, i) => 100 + (i % SIZE) * 40 + Math.floor(i / SIZE)),
  enhanced: Uint16Array.from({ length: 4 * SIZE * SIZE }, (_, i) => 3000 + (i % 97)),
  enhancedScale: 1 / 16,
};

describeInBrowser('the live page', (browsing) => {
  let service: FakeService;
  let page: Page;

  beforeEach(async () => {
    service = await startFakeService({ rate: 0, frame: still(ramp), page: browsing.folder });
    page = await browsing.newPage({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
    await page.goto(service.url);
    await vi.waitFor(() => expect(service.received()).toBe(1), WAIT);
  }, 120_000);
  afterEach(async () => {
    await page.close();
    await service.close();
  });

  const reached = (...command: unknown[]): Promise<void> =>
    vi.waitFor(() => expect(service.commands).toContainEqual(command), WAIT);
  const sees = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();

  it('shows what is measured and what is predicted, by whom', async () => {
    await sees('HeLa 3, well B4');
    const labels = await page.locator('.stage p').allInnerTexts();
    expect(labels.some((text) => text.includes('MEASURED') && text.includes('raw'))).toBe(true);
    expect(labels.some((text) => text.includes('PREDICTED') && text.includes('Lumen M 1.2.0'))).toBe(true);
    const measured = await page.getByLabel('Measured on raw').innerText();
    const predicted = await page.getByLabel('Predicted by the model').innerText();
    expect(measured).toContain('261 nm');
    expect(predicted).not.toMatch(/\d nm(?!\/px)/);
  }, 120_000);

  it('never hides that a picture is predicted', async () => {
    for (const comparison of ['Side', 'Enhanced', 'Difference', 'Swipe']) {
      await page.getByRole('radio', { name: comparison }).check({ force: true });
      expect(await page.locator('.stage').innerText(), comparison).toContain('PREDICTED');
    }
    await page.keyboard.press('\\');
    expect(await page.locator('.stage').innerText()).toContain('PREDICTED');
  }, 120_000);

  it('changes the model and the policy', async () => {
    await page.getByLabel('Model', { exact: true }).selectOption('lumen-s');
    await reached('chooseModel', 'lumen-s');
    await page.getByLabel('Policy', { exact: true }).selectOption('every');
    await reached('choosePolicy', 'every');
  }, 120_000);

  it('asks before it stops what is being recorded, and before it ends a recording', async () => {
    await page.getByRole('button', { name: 'Stop the source' }).click();
    await sees('Stop the source?');
    await page.getByRole('button', { name: 'Go on as it is' }).click();
    expect(service.commands).toEqual([]);
    await page.getByRole('button', { name: 'End recording' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End the recording' }).click();
    await reached('record', false);
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    await reached('record', true);
    await page.getByRole('button', { name: 'End recording' }).waitFor();
    await page.keyboard.press('Shift+S');
    await page.getByRole('dialog').getByRole('button', { name: 'Stop the source' }).click();
    await reached('stopSource');
    await page.getByRole('button', { name: 'Start the source' }).click();
    await reached('startSource');
  }, 120_000);

  it('marks a moment with a note, and says why it cannot', async () => {
    await page.keyboard.press('m');
    await page.getByRole('textbox', { name: /Note/ }).fill('fission beside the nucleus');
    await page.getByRole('dialog').getByRole('button', { name: 'Mark' }).click();
    await reached('mark', 'fission beside the nucleus');
    await sees('Moment marked.');
    await page.getByRole('button', { name: 'Mark', exact: true }).click();
    await page.getByRole('textbox', { name: /Note/ }).fill('refuse');
    await page.getByRole('dialog').getByRole('button', { name: 'Mark' }).click();
    await sees('There is no frame to mark yet.');
  }, 120_000);

  it('shows marks of this person and of others in the strip', async () => {
    await page.keyboard.press('m');
    await page.getByRole('textbox', { name: /Note/ }).fill('mine');
    await page.keyboard.press('Enter');
    const marks = page.getByRole('region', { name: 'The last minute' }).locator('.time-mark');
    await vi.waitFor(async () => expect(await marks.count()).toBe(1), WAIT);
    service.mark('fission, seen from the tablet');
    await vi.waitFor(async () => expect(await marks.count()).toBe(2), WAIT);
    expect(await marks.last().getAttribute('title')).toBe('fission, seen from the tablet');
  }, 120_000);

  it('says that the line dropped, keeps the frame, and comes back', async () => {
    service.dropViewers();
    await sees(/Connection lost/);
    await vi.waitFor(() => expect(service.received()).toBe(2), WAIT);
    await page.getByText(/Connection lost/).waitFor({ state: 'detached' });
    expect(service.settings.at(-1)).toMatchObject({ wantsFrames: true });
  }, 120_000);

  it('asks for no pixels while it is hidden or held', async () => {
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));`);
    await vi.waitFor(() => expect(service.settings.at(-1)).toMatchObject({ wantsFrames: false }), WAIT);
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => false });
      document.dispatchEvent(new Event('visibilitychange'));`);
    await vi.waitFor(() => expect(service.settings.at(-1)).toMatchObject({ wantsFrames: true }), WAIT);
    await page.keyboard.press('Space');
    await vi.waitFor(() => expect(service.settings.at(-1)).toMatchObject({ wantsFrames: false }), WAIT);
    await sees('Held.');
  }, 120_000);

  it('reads the pixel under the pointer in raw and enhanced', async () => {
    await page.getByRole('radio', { name: 'Raw' }).check({ force: true });
    const stage = (await page.locator('.stage').boundingBox())!;
    const zoom = Math.min(stage.width, stage.height) / SIZE;
    const at = (x: number, y: number): [number, number] => [
      stage.x + stage.width / 2 + (x - (SIZE - 1) / 2) * zoom,
      stage.y + stage.height / 2 + (y - (SIZE - 1) / 2) * zoom,
    ];
    await page.mouse.move(...at(20, 30));
    await sees('x 20 y 30 px');
    await sees(String(100 + 20 * 40 + 30));
  }, 120_000);

  it('zooms to the pointer and fits again', async () => {
    const about = page.locator('.about');
    const fitted = await about.innerText();
    const stage = (await page.locator('.stage').boundingBox())!;
    await page.mouse.move(stage.x + 300, stage.y + 200);
    await page.mouse.wheel(0, -400);
    await vi.waitFor(async () => expect(await about.innerText()).not.toBe(fitted), WAIT);
    await page.keyboard.press('f');
    await vi.waitFor(async () => expect(await about.innerText()).toBe(fitted), WAIT);
  }, 120_000);

  it('fits on a phone and follows two fingers', async () => {
    const touch = await browsing.newPage(PHONE);
    try {
      await touch.goto(service.url);
      await vi.waitFor(() => expect(service.received()).toBe(2), WAIT);
      expect(await widerThanWindow(touch)).toBe(0);
      const stage = (await touch.locator('.stage').boundingBox())!;
      const zoom = async (): Promise<number> => parseFloat(await touch.locator('.about span').last().innerText());
      const before = await zoom();
      const devtools = await touch.context().newCDPSession(touch);
      const [x, y] = [stage.x + stage.width / 2, stage.y + stage.height / 2];
      const fingers = (type: 'touchStart' | 'touchMove', apart: number) =>
        devtools.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: [
            { x: x - apart / 2, y: y + 60, id: 1 },
            { x: x + apart / 2, y: y + 60, id: 2 },
          ],
        });
      await fingers('touchStart', 80);
      for (let apart = 90; apart <= 160; apart += 10) await fingers('touchMove', apart);
      await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      await vi.waitFor(async () => expect((await zoom()) / before).toBeCloseTo(2, 1), WAIT);
    } finally {
      await touch.close();
    }
  }, 120_000);

  it('measures a rectangle in both pictures', async () => {
    await page.keyboard.press('q');
    const stage = (await page.locator('.stage').boundingBox())!;
    const [x, y] = [stage.x + stage.width / 2 + 60, stage.y + stage.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 100, y + 80, { steps: 3 });
    await page.mouse.up();
    await sees('Measurements');
    const rows = page.locator('#measure-body tbody tr');
    await vi.waitFor(async () => expect(await rows.count()).toBe(2), WAIT);
    // It is taken by its line and carried, then by a corner and made smaller.
    const outline = page.locator('.stage .shape rect');
    const lies = async () => (await outline.boundingBox())!;
    const drawn = await lies();
    await page.keyboard.press('v');
    const drag = async (fromX: number, fromY: number, byX: number, byY: number): Promise<void> => {
      await page.mouse.move(fromX, fromY);
      await page.mouse.down();
      await page.mouse.move(fromX + byX, fromY + byY, { steps: 2 });
      await page.mouse.up();
    };
    await drag(x + 50, y, 0, -30);
    await vi.waitFor(async () => expect((await lies()).y - drawn.y).toBeCloseTo(-30, 0), WAIT);
    await drag(x + 100, y + 50, -40, 0);
    await vi.waitFor(async () => expect((await lies()).width - drawn.width).toBeCloseTo(-40, 0), WAIT);
    await page.getByRole('button', { name: 'Remove shape 1' }).click();
    await rows.first().waitFor({ state: 'detached' });
  }, 120_000);

  it('moves the limits by keyboard, stays by hand, and goes back to automatic', async () => {
    const upper = page.getByRole('slider', { name: 'Upper limit' });
    const before = Number(await upper.getAttribute('aria-valuenow'));
    await upper.focus();
    await page.keyboard.press('Shift+ArrowRight');
    expect(Number(await upper.getAttribute('aria-valuenow'))).toBeGreaterThan(before);
    const auto = page.getByRole('button', { name: 'Auto' });
    expect(await auto.getAttribute('aria-pressed')).toBe('false');
    await page.getByLabel('Upper limit, raw units').fill('2000');
    await page.keyboard.press('Enter');
    expect(await upper.getAttribute('aria-valuenow')).toBe('2000');
    await auto.click();
    expect(await auto.getAttribute('aria-pressed')).toBe('true');
  }, 120_000);

  it('keeps its look for the next visit', async () => {
    await page.keyboard.press(',');
    await page.getByText('Light', { exact: true }).click();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('2');
    await vi.waitFor(
      async () => expect(await page.evaluate(`localStorage['scopestream.display']`)).toContain('side'),
      WAIT,
    );
    await page.reload();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
    expect(await page.getByRole('radio', { name: 'Side' }).isChecked()).toBe(true);
  }, 120_000);

  it('saves 16-bit TIFFs to the bit, and pictures that say what they are', async () => {
    await page.goto(`${service.url}?window#view?channel0=grey~0..4095~1~on`);
    await vi.waitFor(() => expect(service.received()).toBe(2), WAIT);
    const save = async (name: RegExp): Promise<{ file: string; bytes: Buffer }> => {
      await page.getByTitle(/^Snapshot/).click();
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()]);
      return { file: download.suggestedFilename(), bytes: await readFile(await download.path()) };
    };
    const raw = await save(/TIFF of raw/);
    const pixels = await sharp(raw.bytes).raw({ depth: 'ushort' }).toColourspace('grey16').toBuffer();
    expect([...new Uint16Array(pixels.buffer, pixels.byteOffset, SIZE * SIZE)]).toEqual([...ramp.raw]);
    expect(raw.file).toBe('20261121-004512-fake_000001_raw.tif');
    // A picture that is drawn once, with both pictures at hand, must hold the one that it says.
    const plainRaw = await save(/PNG of raw/);
    const { data, info } = await sharp(plainRaw.bytes).raw().toBuffer({ resolveWithObject: true });
    const levels = [...ramp.raw].map((value) => Math.round(shade(value, [0, 4095], 1) * 255));
    expect([info.width, info.height]).toEqual([SIZE, SIZE]);
    levels.forEach((level, pixel) => expect(Math.abs(data[pixel * info.channels]! - level)).toBeLessThanOrEqual(1));

    const enhanced = await save(/TIFF of enhanced/);
    expect(enhanced.file).toContain('PREDICTED_Lumen-M');
    expect(enhanced.bytes.toString('utf8')).toContain('"picture": "PREDICTED (enhanced)"');
    const plain = await save(/PNG of enhanced/);
    const { width, height } = await sharp(plain.bytes).metadata();
    expect(width).toBe(SIZE * 2);
    expect(height).toBeGreaterThan(SIZE * 2);
    const shown = await save(/PNG as shown/);
    expect(shown.file).toContain('PREDICTED');
  }, 300_000);

  it('shows its shortcuts, and closes the sheet with Escape', async () => {
    await page.keyboard.press('?');
    await sees('Hatch pixels that disagree with raw');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  }, 120_000);

  it.each([
    ['dark', 1440, 900],
    ['light', 1440, 900],
    ['dark', 390, 844],
  ])(
    'has no serious accessibility finding (%s, %i x %i)',
    async (theme, width, height) => {
      await page.setViewportSize({ width, height });
      await page.goto(`${service.url}?again#view?theme=${theme}`);
      await sees('The stream is well.');
      expect(await seriousFindings(page)).toEqual([]);
    },
    120_000,
  );
});
