/**
 * A real Chromium for benchmarks and tests of the page, drawing WebGL on the CPU. playwright-core is a tool of development: it is loaded
 * only here and only when it is needed.
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of the browser; undefined when there is none. */
export const chromiumPath = PLACES.find((place) => existsSync(place));

export async function launchChromium(): Promise<Browser> {
  if (!chromiumPath) throw new Error(`there is no Chromium here: looked for ${PLACES.join(', ')}`);
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      // The page around the image is put together by the processor at once, not by a GPU that the processor imitates.
      '--disable-gpu-compositing',
      '--no-sandbox',
      '--force-color-profile=srgb',
    ],
  });
}

/** For a page before it loads: counts what is painted in `paints`, and keeps when the first was, ms since it was opened, in `firstPaintMs`. */
export const COUNT_PAINTS = `
  globalThis.paints = 0;
  const clear = WebGL2RenderingContext.prototype.clear;
  WebGL2RenderingContext.prototype.clear = function (mask) {
    globalThis.paints += 1;
    globalThis.firstPaintMs ??= performance.now();
    return clear.call(this, mask);
  };`;

/** What a page holds, after its garbage was collected. */
export interface PageMemory {
  /** Bytes. */
  readonly heap: number;
  readonly nodes: number;
  readonly listeners: number;
  /** Resident bytes of the page's own process, and of the process that draws; undefined where `/proc` is not. */
  readonly rendererResident: number | undefined;
  readonly gpuResident: number | undefined;
}

/** Seconds of processor time since the start of the browser. */
export interface ProcessorTimes {
  /** The page's own process: script, layout, decoding, and what of painting is done there. */
  readonly renderer: number;
  /** The process that draws; without a GPU it draws on the processor. */
  readonly gpu: number;
  readonly browser: number;
  /** Within the renderer: of script, and of all tasks of the main thread. */
  readonly script: number;
  readonly tasks: number;
}

interface ProcessInfo {
  readonly type: string;
  readonly id: number;
  /** s */
  readonly cpuTime: number;
}

/** Reads what a page costs, through the developer tools' protocol. */
export class PageMeter {
  readonly #page: CDPSession;
  readonly #browser: CDPSession;

  private constructor(page: CDPSession, browser: CDPSession) {
    this.#page = page;
    this.#browser = browser;
  }

  static async of(page: Page): Promise<PageMeter> {
    const meter = new PageMeter(
      await page.context().newCDPSession(page),
      await page.context().browser()!.newBrowserCDPSession(),
    );
    await meter.#page.send('Performance.enable', { timeDomain: 'threadTicks' });
    return meter;
  }

  async memory(): Promise<PageMemory> {
    await this.#page.send('HeapProfiler.collectGarbage');
    const metrics = await this.#metrics();
    const { renderer, gpu } = await this.#processes();
    return {
      heap: metrics('JSHeapUsedSize'),
      nodes: metrics('Nodes'),
      listeners: metrics('JSEventListeners'),
      rendererResident: await resident(renderer?.id),
      gpuResident: await resident(gpu?.id),
    };
  }

  async times(): Promise<ProcessorTimes> {
    const metrics = await this.#metrics();
    const { renderer, gpu, browser } = await this.#processes();
    return {
      renderer: renderer?.cpuTime ?? 0,
      gpu: gpu?.cpuTime ?? 0,
      browser: browser?.cpuTime ?? 0,
      script: metrics('ScriptDuration'),
      tasks: metrics('TaskDuration'),
    };
  }

  async #metrics(): Promise<(name: string) => number> {
    const { metrics } = await this.#page.send('Performance.getMetrics');
    const byName = new Map(metrics.map(({ name, value }) => [name, value]));
    return (name) => byName.get(name) ?? NaN;
  }

  /** Chromium keeps a spare renderer: the page's own is the one that has worked most. */
  async #processes(): Promise<Partial<Record<'renderer' | 'gpu' | 'browser', ProcessInfo>>> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo');
    const busiest = (type: string) =>
      processInfo.filter((one) => one.type === type).sort((a, b) => b.cpuTime - a.cpuTime)[0];
    return { renderer: busiest('renderer'), gpu: busiest('GPU'), browser: busiest('browser') };
  }
}

async function resident(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
