/** What viewers cost: the service that serves one and twenty, and the page that shows frames in a real browser. */

import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArrivedFrame } from '../../pipeline/frame.ts';
import { createService, type Service } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import { COUNT_PAINTS, launchChromium, PageMeter } from './chromium.ts';
import { memorySource } from './frames.ts';
import { type Figure, ms, perSecond } from './table.ts';
import { startViewer } from './viewer.ts';

/** frames/s */
const RATE = 20;
const WARM_UP_MS = 4000;
const MEASURED_MS = 15_000;
const MANY = 20;

function startService(frames: readonly ArrivedFrame[], flags: Record<string, unknown> = {}): Promise<Service> {
  const config = loadConfig({
    flags: { port: 0, logLevel: 'error', 'model.id': 'bicubic', policy: 'newest', ...flags },
  });
  return createService(config, { createSource: () => memorySource(frames, { rate: RATE, count: Infinity }) });
}

/**
 * What the main thread of the service, whose loop also serves the viewers, costs: processor time of one core, and how long its loop was
 * busy, which on full cores counts the waiting for one too: the viewers of a benchmark run on the same computer.
 */
export async function serviceOfViewers(frames: readonly ArrivedFrame[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of [0, 1, MANY]) {
    const service = await startService(frames);
    const viewers = await Promise.all(Array.from({ length: count }, () => startViewer(service.url)));
    try {
      await sleep(WARM_UP_MS);
      await Promise.all(viewers.map((viewer) => viewer.seen()));
      const before = performance.eventLoopUtilization();
      const processorBefore = await mainThreadSeconds();
      const enhancedBefore = service.totals.enhanced;
      const startedMs = performance.now();
      await sleep(MEASURED_MS);
      const seconds = (performance.now() - startedMs) / 1000;
      const { active } = performance.eventLoopUtilization(before);
      const enhanced = service.totals.enhanced - enhancedBefore;
      const processor = (await mainThreadSeconds()) - processorBefore;
      const seen = await Promise.all(viewers.map((viewer) => viewer.seen()));
      const each = seen.reduce((sum, { frames: shown }) => sum + shown, 0) / Math.max(count, 1) / seconds;
      figures.push({
        what: `${count} viewers, 256x256 + 512x512 at ${RATE} frames/s`,
        values: {
          enhanced: perSecond(enhanced / seconds),
          'to each viewer': perSecond(each),
          'processor, main thread': `${((processor / seconds) * 100).toFixed(1)} %`,
          'its loop busy': `${(active / seconds / 10).toFixed(1)} %`,
        },
      });
    } finally {
      await Promise.all(viewers.map((viewer) => viewer.close()));
      await service.close();
    }
  }
  return figures;
}

/** Processor time of the main thread so far, s; NaN where there is no `/proc`. */
async function mainThreadSeconds(): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/self/task/${process.pid}/schedstat`, 'utf8').catch(() => 'NaN')).split(
    ' ',
  );
  return Number(nanoseconds) / 1e9;
}

/** One page: processor time a frame by where it is spent, the time to the first frame, and the same page hidden. */
export async function pageCost(frames: readonly ArrivedFrame[]): Promise<Figure[]> {
  const service = await startService(frames);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(COUNT_PAINTS);
    await page.goto(service.url);
    // Not `waitForFunction`: the policy of the page for scripts keeps that out.
    let firstPaintMs: unknown;
    while (firstPaintMs === undefined) firstPaintMs = await page.evaluate('globalThis.firstPaintMs');
    const meter = await PageMeter.of(page);
    const paints = async (): Promise<number> => Number(await page.evaluate('globalThis.paints'));
    const measure = async (what: string): Promise<Figure> => {
      await sleep(WARM_UP_MS);
      const [before, paintsBefore, startedMs] = [await meter.times(), await paints(), performance.now()];
      await sleep(MEASURED_MS);
      const seconds = (performance.now() - startedMs) / 1000;
      const [after, painted] = [await meter.times(), (await paints()) - paintsBefore];
      const spent = (name: keyof typeof after) => after[name] - before[name];
      const share = (name: keyof typeof after) => `${((spent(name) / seconds) * 100).toFixed(1)} %`;
      const perFrame = (name: keyof typeof after) => ms(painted > 0 ? (spent(name) * 1000) / painted : undefined);
      return {
        what,
        values: {
          painted: perSecond(painted / seconds),
          'script a frame': perFrame('script'),
          'all of the main thread a frame': perFrame('tasks'),
          'page process': share('renderer'),
          'drawing process (WebGL on the processor)': share('gpu'),
        },
      };
    };
    const shown = await measure(`page, 256x256 + 512x512 at ${RATE} frames/s`);
    // What the page hears when its tab goes to the background; a headless browser has no other tab to go to.
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));`);
    const hidden = await measure('the same page, hidden');
    return [
      { what: 'first frame on the screen', values: { 'after opening': ms(Number(firstPaintMs)) } },
      shown,
      hidden,
    ];
  } finally {
    await browser.close();
    await service.close();
  }
}
