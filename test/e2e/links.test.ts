/** What a viewer costs and gets: over a thin link, in a hidden tab, and after many frames. */

import { createServer, type Server as HttpServer } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { Server } from 'socket.io';
import { expect, it, vi } from 'vitest';
import type { ClassifiedFrame } from '../../pipeline/frame.ts';
import { type Controls, LivePublisher, type LiveNamespace } from '../../server/live.ts';
import { LIVE_NAMESPACE } from '../../server/protocol.ts';
import { movingCell, still, type FakeFrame } from '../fakes/frames.ts';
import { startFakeService, stateOfFake } from '../fakes/liveService.ts';
import { PREDICTION } from '../fakes/sayings.ts';
import { startThinLink } from '../fakes/thinLink.ts';
import { describeInBrowser } from './browser.ts';

const WAIT = { timeout: 120_000, interval: 200 };
const THIN_BYTES_PER_SECOND = 2e6 / 8;
/** Small, so that drawing on the CPU takes little of the time. */
const SMALL = { width: 480, height: 400 };
const LIVE_PAGE_GZIP_BYTES = 150_000;

describeInBrowser('what a viewer costs', (browsing) => {
  const open = async (url: string): Promise<Page> => {
    const page = await browsing.newPage({ viewport: SMALL, acceptDownloads: true });
    await page.addInitScript(COUNT_DRAWINGS);
    await page.goto(url);
    return page;
  };

  it('the live page is small', () => {
    const index = readFileSync(join(browsing.folder, 'index.html'), 'utf8');
    const files = [...index.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThanOrEqual(2);
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(browsing.folder, file))).length, 0);
    expect(bytes).toBeLessThan(LIVE_PAGE_GZIP_BYTES);
  });

  it('over 2 Mbit/s it changes to JPEG, says so, and stays at the newest frame', async () => {
    const service = await startPublisher(browsing.folder);
    const link = await startThinLink(service.port, THIN_BYTES_PER_SECOND);
    const page = await open(`http://127.0.0.1:${link.port}/#view?comparison=raw&panelsHidden=false`);
    try {
      await page.getByText(/Frames at full depth take too long to get here: showing 8-bit JPEG/).waitFor();
      await page.getByText('8-bit preview').or(page.locator('.stage')).first().waitFor();
      // When no more come, the last one is on the screen after the few that were on their way: nothing was stored up.
      service.stopPublishing();
      const sentBefore = service.sent();
      const newest = service.newest();
      await vi.waitFor(async () => expect(await shownSequence(page)).toBe(newest), WAIT);
      expect(service.sent() - sentBefore).toBeLessThanOrEqual(1);
      expect(service.skipped()).toBeGreaterThan(0);
    } finally {
      await page.close();
      await link.close();
      await service.close();
    }
  }, 300_000);

  it('a processor that cannot draw every frame draws fewer pixels while pictures move, and all of them once they stand still', async () => {
    const service = await startPublisher(browsing.folder);
    const page = await browsing.newPage({ viewport: { width: 1440, height: 900 } });
    try {
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Emulation.setCPUThrottlingRate', { rate: 6 });
      await page.goto(`http://127.0.0.1:${service.port}/`);
      const canvas = page.locator('.stage canvas');
      const density = () =>
        canvas.evaluate(({ width, clientWidth }: { width: number; clientWidth: number }) => width / clientWidth);
      await vi.waitFor(async () => expect(await density()).toBeCloseTo(0.5, 2), WAIT);
      service.stopPublishing();
      await vi.waitFor(async () => expect(await density()).toBe(1), WAIT);
    } finally {
      await page.close();
      await service.close();
    }
  }, 300_000);

  it('a hidden tab draws nothing and is sent nothing', async () => {
    const service = await startFakeService({ rate: 20, frame: still(SMALL_FRAME), page: browsing.folder });
    const page = await open(service.url);
    try {
      await vi.waitFor(() => expect(service.received()).toBeGreaterThan(5), WAIT);
      await page.evaluate(HIDE);
      await vi.waitFor(() => expect(service.settings.at(-1)).toMatchObject({ wantsFrames: false }), WAIT);
      await page.waitForTimeout(500);
      const received = service.received();
      const drawings = await page.evaluate('drawings');
      await page.waitForTimeout(3000);
      expect(service.received()).toBe(received);
      expect(await page.evaluate('drawings')).toBe(drawings);
      await page.evaluate(SHOW);
      await vi.waitFor(() => expect(service.received()).toBeGreaterThan(received), WAIT);
      await vi.waitFor(async () => expect(await page.evaluate('drawings')).toBeGreaterThan(drawings as number), WAIT);
    } finally {
      await page.close();
      await service.close();
    }
  }, 300_000);

  it('keeps no frames: after hundreds its memory is what it was', async () => {
    const service = await startFakeService({ rate: 30, frame: still(SMALL_FRAME), page: browsing.folder });
    const page = await open(service.url);
    try {
      const devtools = await page.context().newCDPSession(page);
      const memory = async (): Promise<number> => {
        await devtools.send('HeapProfiler.collectGarbage');
        const { usedSize, backingStorageSize = 0 } = (await devtools.send('Runtime.getHeapUsage')) as Memory;
        return usedSize + backingStorageSize;
      };
      const after = (frames: number) => vi.waitFor(() => expect(service.received()).toBeGreaterThan(frames), WAIT);
      await after(200);
      const before = await memory();
      await after(200 + FRAMES_OF_MEMORY_TEST);
      const grown = (await memory()) - before;
      // Kept frames would be 40 MB; histories of numbers, which have an end, are some hundred kB.
      expect(grown).toBeLessThan((FRAMES_OF_MEMORY_TEST * SMALL_FRAME_BYTES) / 10);
    } finally {
      await page.close();
      await service.close();
    }
  }, 300_000);
});

interface Memory {
  readonly usedSize: number;
  readonly backingStorageSize?: number;
}

const FRAMES_OF_MEMORY_TEST = 500;
const SMALL_SIZE = 100;
const SMALL_FRAME: FakeFrame = {
  sizeX: SMALL_SIZE,
  sizeY: SMALL_SIZE,
  samplesPerPixel: 1,
  raw: Uint16Array.from({ length: SMALL_SIZE ** 2 }, (_, i) => 100 + (i % SMALL_SIZE) * 20),
  enhanced: Uint16Array.from({ length: 4 * SMALL_SIZE ** 2 }, (_, i) => 1600 + (i % 200) * 160),
  enhancedScale: 1 / 16,
};
const SMALL_FRAME_BYTES = 2 * 5 * SMALL_SIZE ** 2;

const COUNT_DRAWINGS = `
  globalThis.drawings = 0;
  const { drawArrays } = WebGL2RenderingContext.prototype;
  WebGL2RenderingContext.prototype.drawArrays = function (...of) {
    globalThis.drawings++;
    return drawArrays.apply(this, of);
  };`;
const setHidden = (hidden: boolean): string => `
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
  document.dispatchEvent(new Event('visibilitychange'));`;
const HIDE = setHidden(true);
const SHOW = setHidden(false);

/** The sequence in the name of a snapshot. */
async function shownSequence(page: Page): Promise<number> {
  await page.getByTitle(/^Snapshot/).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /PNG of raw/ }).click(),
  ]);
  return Number(/_(\d{6})_raw/.exec(download.suggestedFilename())?.[1]);
}

interface PublishingService {
  readonly port: number;
  readonly newest: () => number;
  readonly sent: () => number;
  readonly skipped: () => number;
  stopPublishing(): void;
  close(): Promise<void>;
}

const FRAMES_A_SECOND = 20;
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** The service's own publisher, with frames of 256 x 256 and 512 x 512 at video rate. */
async function startPublisher(pageFolder: string): Promise<PublishingService> {
  const http: HttpServer = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname;
    const file = join(pageFolder, path === '/' ? 'index.html' : path);
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  const io = new Server(http, { transports: ['websocket'] });
  const counts = { sent: 0, skipped: 0 };
  const refuse = () => Promise.reject(new Error('nothing to control here'));
  const controls = Object.fromEntries(
    ['chooseModel', 'choosePolicy', 'startSource', 'stopSource', 'record', 'mark'].map((name) => [name, refuse]),
  ) as unknown as Controls;
  const state = stateOfFake({ rate: 0, frame: movingCell() });
  const live = new LivePublisher(
    io.of(LIVE_NAMESPACE) as LiveNamespace,
    { most: 10, maxUnacknowledged: 2, maxRate: 240 },
    controls,
    () => state,
    (outcome) => counts[outcome]++,
  );
  live.beginSession(state.session!.id);
  const cell = movingCell();
  let sequence = -1;
  const timer = setInterval(() => live.publish(classified(++sequence, cell(sequence))), 1000 / FRAMES_A_SECOND);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    port: (http.address() as AddressInfo).port,
    newest: () => sequence,
    sent: () => counts.sent,
    skipped: () => counts.skipped,
    stopPublishing: () => clearInterval(timer),
    close: async () => {
      clearInterval(timer);
      http.closeAllConnections();
      await io.close();
    },
  };
}

function classified(sequence: number, { sizeX, sizeY, raw, enhanced, enhancedScale }: FakeFrame): ClassifiedFrame {
  const shape = { samplesPerPixel: 1, pixelType: 'uint16' } as const;
  return {
    meta: {
      sequence,
      index: { t: sequence, c: 0, z: 0 },
      name: `#${sequence}`,
      arrivedMs: Date.now(),
      completedBy: '',
    },
    raw: { ...shape, sizeX, sizeY, data: raw },
    description: {},
    times: {},
    normalisation: { offset: 0, scale: 2000, source: 'first-frame' },
    history: [],
    enhanced: {
      plane: { ...shape, sizeX: 2 * sizeX, sizeY: 2 * sizeY, data: enhanced! },
      intensityScale: enhancedScale,
      magnification: 2,
      prediction: PREDICTION,
    },
  };
}
