/** What is on the screen, pixel by pixel, for known frames. */

import type { Page } from 'playwright-core';
import { expect, it, vi } from 'vitest';
import { DIVERGING, LUTS } from '../../client/draw/lut.ts';
import { shade, SATURATED_COLOUR, ZERO_COLOUR } from '../../client/draw/scene.ts';
import { mappingOf } from '../../client/draw/viewport.ts';
import { still, type FakeFrame } from '../fakes/frames.ts';
import { startFakeService, type FakeService } from '../fakes/liveService.ts';
import { qualityOf } from '../fakes/sayings.ts';
import { describeInBrowser, screenPixels, type ScreenPixels } from './browser.ts';

const SIZE = 32;
const ZOOM = 10;
const CENTRE = 15.5;
const WAIT = { timeout: 60_000, interval: 100 };

/** Every pixel differs from its neighbours, and no flip or turn maps the picture onto itself. */
const value = (x: number, y: number): number => 100 + x * 90 + y * 7;

const each = <T>(of: (x: number, y: number) => T, size = SIZE): T[] =>
  Array.from({ length: size * size }, (_, pixel) => of(pixel % size, Math.floor(pixel / size)));

const wide: FakeFrame = {
  sizeX: SIZE,
  sizeY: SIZE,
  samplesPerPixel: 1,
  raw: Uint16Array.from(each(value)),
  // Twice the samples and sixteen times the stored unit; between raw samples the mean of the neighbours.
  enhanced: Uint16Array.from(each((x, y) => value(x / 2, y / 2) * 16, SIZE * 2)),
  enhancedScale: 1 / 16,
};

describeInBrowser('known frames on the screen', (browsing) => {
  /** Shows a frame with these settings and reads the stage back. */
  async function show(
    frame: FakeFrame,
    settings: Record<string, string>,
    { significantBits = 12, before }: { significantBits?: number; before?: (tab: Page) => Promise<unknown> } = {},
  ): Promise<Screen> {
    const service: FakeService = await startFakeService({
      rate: 0,
      frame: still(frame),
      page: browsing.folder,
      acquisition: { significantBits },
    });
    const tab = await browsing.newPage({ viewport: { width: 1100, height: 800 } });
    try {
      await before?.(tab);
      const view = {
        sampling: 'exact',
        zoom: String(ZOOM),
        centreX: String(CENTRE),
        centreY: String(CENTRE),
        ...settings,
      };
      await tab.goto(`${service.url}#view?${new URLSearchParams(view)}`);
      await vi.waitFor(() => expect(service.received()).toBe(1), WAIT);
      return new Screen(await screenPixels(tab.locator('.stage')), Number(view.zoom));
    } finally {
      await tab.close();
      await service.close();
    }
  }

  /** Away from the labels and the scale bar. */
  const samples = [
    [0, 8],
    [31, 9],
    [8, 16],
    [9, 16],
    [16, 8],
    [17, 24],
    [30, 22],
  ] as const;

  const grey = (intensity: number, low: number, high: number, gamma = 1): number =>
    Math.floor(shade(intensity, [low, high], gamma) * 255 + 0.5);

  const expectNear = (seen: readonly number[], expected: readonly number[], what: string): void => {
    seen.forEach((channel, i) =>
      expect(Math.abs(channel - expected[i]!), `${what}: ${seen} for ${expected}`).toBeLessThanOrEqual(1),
    );
  };

  it('raw: value, orientation and window', async () => {
    const screen = await show(wide, { comparison: 'raw', channel0: 'grey~500..2500~1~on' });
    for (const [x, y] of samples) {
      const level = grey(value(x, y), 500, 2500);
      expectNear(screen.atRaw(x, y), [level, level, level], `raw ${x}, ${y}`);
      expectNear(screen.atRaw(x + 0.4, y - 0.4), [level, level, level], `raw ${x}, ${y}, near its corner`);
    }
  }, 120_000);

  it('enhanced: the same raw units, and sample 2k on raw sample k', async () => {
    const screen = await show(wide, { comparison: 'enhanced', channel0: 'grey~0..4095~1~on' });
    for (const [x, y] of samples) {
      const level = grey(value(x, y), 0, 4095);
      expectNear(screen.atRaw(x, y), [level, level, level], `enhanced ${x}, ${y}`);
      if (x >= 31) continue;
      const between = grey(value(x + 0.5, y), 0, 4095);
      expectNear(screen.atRaw(x + 0.5, y), [between, between, between], `enhanced ${x}.5, ${y}`);
    }
  }, 120_000);

  it('colour table and gamma', async () => {
    const screen = await show(wide, { comparison: 'swipe', channel0: 'magma~100..3200~0.5~on' });
    for (const [x, y] of samples) {
      const level = grey(value(x, y), 100, 3200, 0.5) * 3;
      expectNear(screen.atRaw(x, y), [...LUTS.magma.slice(level, level + 3)], `magma ${x}, ${y}`);
    }
  }, 120_000);

  it('smooth sampling passes through the samples', async () => {
    const screen = await show(wide, { comparison: 'raw', sampling: 'smooth', channel0: 'grey~0..4095~1~on' });
    for (const [x, y] of samples.slice(2, 6)) {
      const level = grey(value(x, y), 0, 4095);
      // The screen pixel nearest to a sample's centre lies a twentieth of a sample beside it.
      screen.atRaw(x, y).forEach((channel) => expect(Math.abs(channel - level)).toBeLessThanOrEqual(2));
    }
  }, 120_000);

  it('more samples than pixels: the mean of those that fall into one', async () => {
    const screen = await show(wide, {
      comparison: 'raw',
      sampling: 'smooth',
      zoom: '0.5',
      channel0: 'grey~0..4095~1~on',
    });
    for (const [x, y] of [
      [4, 8],
      [22, 2],
      [30, 28],
    ] as const) {
      const level = grey(value(x + 0.5, y + 0.5), 0, 4095);
      expectNear(screen.atRaw(x + 0.5, y + 0.5), [level, level, level], `mean at ${x}, ${y}`);
    }
  }, 120_000);

  it('raw minus enhanced, in colours of its sign', async () => {
    const enhanced = (wide.enhanced as Uint16Array).map((stored) => stored + 60 * 16);
    const screen = await show({ ...wide, enhanced }, { comparison: 'difference', channel0: 'grey~0..4095~1~on' });
    const range = 6 * qualityOf(0).measured.noiseSigma!;
    const level = Math.floor((0.5 - (0.5 * 60) / range) * 255 + 0.5) * 3;
    for (const [x, y] of samples) {
      expectNear(screen.atRaw(x, y), [...DIVERGING.slice(level, level + 3)], `difference ${x}, ${y}`);
    }
  }, 120_000);

  it('saturated and zero pixels', async () => {
    const raw = wide.raw.slice() as Uint16Array;
    raw[16 * SIZE + 8] = 4095;
    raw[16 * SIZE + 9] = 0;
    const screen = await show(
      { ...wide, raw },
      { comparison: 'raw', highlightLimits: 'true', channel0: 'grey~0..4095~1~on' },
    );
    expectNear(screen.atRaw(8, 16), SATURATED_COLOUR, 'saturated');
    expectNear(screen.atRaw(9, 16), ZERO_COLOUR, 'zero');
    const level = grey(value(17, 24), 0, 4095);
    expectNear(screen.atRaw(17, 24), [level, level, level], 'neither');
  }, 120_000);

  it('8-bit colour', async () => {
    const colour: FakeFrame = {
      sizeX: SIZE,
      sizeY: SIZE,
      samplesPerPixel: 3,
      raw: Uint8Array.from(each((x, y) => [x * 8, y * 8, 255 - x * 4 - y * 4]).flat()),
      enhancedScale: 1,
    };
    const screen = await show(colour, { comparison: 'raw', channel0: 'grey~0..255~1~on' }, { significantBits: 8 });
    for (const [x, y] of samples)
      expectNear(screen.atRaw(x, y), [x * 8, y * 8, 255 - x * 4 - y * 4], `colour ${x}, ${y}`);
  }, 120_000);

  it('the same without WebGL', async () => {
    const screen = await show(
      wide,
      { comparison: 'swipe', channel0: 'viridis~0..4095~1~on' },
      {
        before: (tab) =>
          tab.addInitScript(`
            const getContext = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
              return kind === 'webgl2' ? null : getContext.call(this, kind, ...rest);
            };`),
      },
    );
    for (const [x, y] of samples) {
      const level = grey(value(x, y), 0, 4095) * 3;
      expectNear(screen.atRaw(x, y), [...LUTS.viridis.slice(level, level + 3)], `viridis ${x}, ${y}`);
    }
  }, 120_000);
});

/** Reads the screen at positions in raw samples. */
class Screen {
  readonly #pixels: ScreenPixels;
  readonly #zoom: number;

  constructor(pixels: ScreenPixels, zoom: number) {
    this.#pixels = pixels;
    this.#zoom = zoom;
  }

  atRaw(x: number, y: number): readonly [number, number, number] {
    const { width, height } = this.#pixels;
    const view = { centreX: CENTRE, centreY: CENTRE, zoom: this.#zoom };
    const { originX, originY, scale } = mappingOf(view, { x: 0, y: 0, width, height }, 1);
    return this.#pixels.at(originX + (x + 0.5) * scale, originY + (y + 0.5) * scale);
  }
}
