/** What the tests of the page need beside a real browser (`server/bench/chromium.ts`). */

import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { chromiumPath, launchChromium } from '../../server/bench/chromium.ts';

export interface Browsing {
  /** Where the page lies, built as it is in the working tree, apart from `dist`. */
  readonly folder: string;
  /** An error in it fails the test. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
}

const START_TIMEOUT_MS = 120_000;
/** Of one action: networks, WebGL and other tests share the processor. */
const ACTION_TIMEOUT_MS = 120_000;

/** As a phone shows it. */
export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** Tests that need a browser; skipped, by name, where there is none. */
export function describeInBrowser(what: string, tests: (browsing: Browsing) => void): void {
  describe.skipIf(!chromiumPath)(`${what}${chromiumPath ? '' : ' (no Chromium found)'}`, () => {
    const problems: string[] = [];
    let folder: string;
    let browser: Browser;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'scopestream-page-'));
      const root = new URL('../../client', import.meta.url).pathname;
      await build({ root, build: { outDir: folder, emptyOutDir: true }, logLevel: 'silent' });
      browser = await launchChromium();
    }, START_TIMEOUT_MS);
    afterEach(() => expect(problems.splice(0)).toEqual([]));
    afterAll(async () => {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    });

    tests({
      get folder() {
        return folder;
      },
      newPage: async (options) => {
        const page = await browser.newPage(options);
        page.setDefaultTimeout(ACTION_TIMEOUT_MS);
        page.on('pageerror', ({ message }) => problems.push(message));
        return page;
      },
    });
  });
}

/** What axe finds serious or critical on the page, in words; empty when all is well. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core') });
  return page.evaluate(`
    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`);
}

/** CSS pixels by which the page is wider than the window: what a phone would zoom out for, or pan to. */
export function widerThanWindow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - screen.width');
}

/** Pixels of what is on the screen at an element. */
export interface ScreenPixels {
  readonly width: number;
  readonly height: number;
  at(x: number, y: number): readonly [red: number, green: number, blue: number];
}

export async function screenPixels(element: Locator): Promise<ScreenPixels> {
  const png = await element.screenshot({ timeout: 60_000 });
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    at: (x, y) => {
      const pixel = (Math.floor(y) * info.width + Math.floor(x)) * 3;
      return [data[pixel]!, data[pixel + 1]!, data[pixel + 2]!];
    },
  };
}
