/**
 * Whether a page that watches for long holds more and more: a real browser, a real service, small frames at 20 a second, so that drawing on
 * the processor stays cheap.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { createService } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import { COUNT_PAINTS, launchChromium, PageMeter, type PageMemory } from './chromium.ts';
import { memorySource, renderFrames } from './frames.ts';
import type { Figure } from './table.ts';

/** frames/s */
const RATE = 20;
/** Samples along each side of a raw frame; enhanced has twice as many. */
const SIZE = 64;
const VIEWPORT = { width: 390, height: 500 };
const SAMPLE_MS = 60_000;
/** Histories fill for ten minutes; what grows after that grows for ever. */
const SETTLED_MINUTES = 12;
const FEWEST_FOR_SLOPE = 3;

interface Sample extends PageMemory {
  /** Since the page was opened. */
  readonly minute: number;
  readonly paints: number;
}

/** Watches for so many minutes; `told` hears of each one. */
export async function pageMemory(minutes: number, told: (line: string) => void): Promise<Figure> {
  const config = loadConfig({ flags: { port: 0, logLevel: 'error', 'model.id': 'bicubic', policy: 'newest' } });
  const frames = await renderFrames({ sizeX: SIZE, sizeY: SIZE });
  const service = await createService(config, {
    createSource: () => memorySource(frames, { rate: RATE, count: Infinity }),
  });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: VIEWPORT });
    await page.addInitScript(COUNT_PAINTS);
    await page.goto(service.url);
    const meter = await PageMeter.of(page);
    const startedMs = performance.now();
    const samples: Sample[] = [];
    for (let minute = 1; minute <= minutes; minute++) {
      await sleep(startedMs + minute * SAMPLE_MS - performance.now());
      const paints = Number(await page.evaluate('globalThis.paints'));
      const sample = { minute: (performance.now() - startedMs) / 60_000, paints, ...(await meter.memory()) };
      samples.push(sample);
      told(inWords(sample));
    }
    return { what: `page watched for ${minutes} minutes`, values: summary(samples, await meter.times()) };
  } finally {
    await browser.close();
    await service.close();
  }
}

function inWords({ minute, paints, heap, nodes, listeners, rendererResident, gpuResident }: Sample): string {
  return [
    `minute ${minute.toFixed(1)}`,
    `${paints} frames painted`,
    `heap ${megabytes(heap)}`,
    `${nodes} nodes`,
    `${listeners} listeners`,
    `renderer ${megabytes(rendererResident)}`,
    `drawing process ${megabytes(gpuResident)}`,
  ].join('   ');
}

function summary(samples: readonly Sample[], spent: { renderer: number; gpu: number; browser: number }) {
  const settled = samples.filter(({ minute }) => minute > SETTLED_MINUTES);
  const kept = settled.length >= FEWEST_FOR_SLOPE ? settled : samples;
  const first = kept[0]!;
  const last = kept.at(-1)!;
  const slope = (of: (sample: Sample) => number | undefined) =>
    kept.length < FEWEST_FOR_SLOPE ? 'too short to tell its slope' : `${perHour(kept, of)} MB/h`;
  return {
    painted: String(last.paints),
    counted: `minute ${first.minute.toFixed(0)} to ${last.minute.toFixed(0)}`,
    heap: `${megabytes(first.heap)} to ${megabytes(last.heap)}, ${slope(({ heap }) => heap)}`,
    nodes: `${first.nodes} to ${last.nodes}`,
    listeners: `${first.listeners} to ${last.listeners}`,
    renderer: `${megabytes(last.rendererResident)}, ${slope(({ rendererResident }) => rendererResident)}`,
    'drawing process': `${megabytes(last.gpuResident)}, ${slope(({ gpuResident }) => gpuResident)}`,
    'processor, browser': `${(((spent.renderer + spent.gpu + spent.browser) / (last.minute * 60)) * 100).toFixed(0)} %`,
  };
}

/** Least squares, 2^20 bytes an hour. */
function perHour(samples: readonly Sample[], of: (sample: Sample) => number | undefined): string {
  const points = samples.map((sample) => ({ x: sample.minute / 60, y: (of(sample) ?? NaN) / 2 ** 20 }));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  const slope = mean(points.map((p) => (p.x - x) * (p.y - y))) / mean(points.map((p) => (p.x - x) ** 2));
  return `${slope < 0 ? '' : '+'}${slope.toFixed(2)}`;
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
