/**
 * What the tests of the page need beside a real browser (`server/bench/chromium.ts`). Tests that need one skip by name where there is none.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { build } from 'vite';

export interface BuiltPage {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Builds the page as it is in the working tree, apart from `dist`. */
export async function buildPage(): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), 'scopestream-page-'));
  await build({
    root: new URL('../../client', import.meta.url).pathname,
    build: { outDir: folder, emptyOutDir: true },
    logLevel: 'silent',
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
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
