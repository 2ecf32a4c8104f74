import { afterEach, describe, expect, it, vi } from 'vitest';
import { createEnhancer, type LadderEnhancer } from '../../../models/enhancer/enhancer.ts';
import type { EnhancerSettings } from '../../../models/enhancer/settings.ts';
import type { NormalisedFrame, Plane } from '../../../pipeline/frame.ts';
import { frameOf, spots } from '../fixtures/frames.ts';
import { writeTinyColour } from '../fixtures/tinyColour.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/** Real colour packages in a real process. */

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let enhancer: LadderEnhancer | undefined;
afterEach(async () => {
  await enhancer?.close();
  enhancer = undefined;
});

async function start(zoo: string, settings: Partial<EnhancerSettings> = {}): Promise<LadderEnhancer> {
  enhancer = await createEnhancer({ zooFolders: [zoo], provider: 'cpu', threads: 1, ...settings });
  return enhancer;
}

/** No two pixels beside each other are alike. */
function colours(sizeX: number, sizeY: number, pixelType: 'uint8' | 'uint16' = 'uint8'): Plane {
  const data = new { uint8: Uint8Array, uint16: Uint16Array }[pixelType](sizeX * sizeY * 3);
  for (let i = 0; i < data.length; i++) data[i] = 40 + ((i * 7919) % 199);
  return { sizeX, sizeY, samplesPerPixel: 3, pixelType, data };
}

/** 20 frames/s. */
const colourFrame = (raw: Plane, sequence = 0): NormalisedFrame =>
  frameOf(raw, sequence, {
    description: { significantBits: 8 },
    normalisation: { offset: 0, scale: 255, source: 'first-frame' },
  });

/** Each pixel four times. */
function doubled({ sizeX, sizeY, data }: Plane): Uint8Array {
  return Uint8Array.from({ length: 12 * sizeX * sizeY }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [x, y] = [(pixel % (2 * sizeX)) >> 1, Math.floor(pixel / (2 * sizeX)) >> 1];
    return data[(y * sizeX + x) * 3 + (i % 3)];
  });
}

describe('a colour package', () => {
  it('gives its own pixels, in tiles where the frame is large, and says who predicted them', async () => {
    const zoo = temporaryFolder('zoo');
    writeTinyColour(zoo, 'double');
    await start(zoo, { model: 'double', tileLimit: 40 });
    expect(enhancer!.status).toMatchObject({ modelId: 'double', because: 'best' });
    const raw = colours(101, 53);
    const { plane, prediction, intensityScale, magnification } = await enhancer!.enhance(colourFrame(raw));
    expect(plane).toMatchObject({ sizeX: 202, sizeY: 106, samplesPerPixel: 3, pixelType: 'uint8' });
    expect(Buffer.compare(plane.data as Uint8Array, doubled(raw))).toBe(0);
    expect({ intensityScale, magnification }).toEqual({ intensityScale: 1, magnification: 2 });
    expect(prediction).toMatchObject({ predicted: true, modelId: 'double', modelVersion: '1.0.0', ladderStep: 0 });
    expect(prediction.tiles).toBeGreaterThan(1);
    expect(prediction).not.toHaveProperty('displayOnly');
    expect(enhancer!.status).toMatchObject({ modelId: 'double', steps: ['double', 'bicubic'], because: 'best' });
  });

  it('leaves grey frames, and colour of more than 8 bit, to the classical methods', async () => {
    const zoo = temporaryFolder('zoo');
    writeTinyColour(zoo, 'double');
    await start(zoo, { model: 'double' });
    const deep = await enhancer!.enhance(colourFrame(colours(32, 32, 'uint16')));
    expect(deep).toMatchObject({ plane: { pixelType: 'uint16' }, prediction: { modelId: 'bicubic' } });
    const grey = await enhancer!.enhance(frameOf(spots(32, 32)));
    expect(grey).toMatchObject({ plane: { sizeX: 64 }, prediction: { modelId: 'gaussian', ladderStep: 0 } });
    expect(enhancer!.status).toMatchObject({ modelId: 'gaussian', because: 'double takes colour frames only' });
    expect(enhancer!.statusFor(3)).toMatchObject({ modelId: 'double' });
  });

  it('that cannot keep the interval steps down to bicubic within seconds, and says so', async () => {
    const zoo = temporaryFolder('zoo');
    writeTinyColour(zoo, 'slow');
    await start(zoo, { model: 'slow', policy: 'newest', lateForMs: 300 });
    // One frame a millisecond: late from the first one.
    const flood = (sequence: number): NormalisedFrame => {
      const frame = colourFrame(colours(128, 128), sequence);
      return { ...frame, meta: { ...frame.meta, arrivedMs: sequence } };
    };
    const used: string[] = [];
    for (let i = 0; used.at(-1) !== 'bicubic'; i++) {
      used.push((await enhancer!.enhance(flood(i))).prediction.modelId);
      expect(i).toBeLessThan(40); // The number of late frames that would do as well.
    }
    expect(used.filter((id) => id === 'slow').length).toBeGreaterThanOrEqual(2);
    expect(enhancer!.status).toMatchObject({ modelId: 'bicubic', step: 1, steps: ['slow', 'bicubic'] });
    expect(enhancer!.status.because).toMatch(/^late: \d+ ms a frame against 1 ms$/);
  });

  it('that is for display only says so with each picture', async () => {
    const zoo = temporaryFolder('zoo');
    writeTinyColour(zoo, 'swap', { displayOnly: true });
    await start(zoo, { model: 'swap' });
    const { prediction } = await enhancer!.enhance(colourFrame(colours(32, 32)));
    expect(prediction).toMatchObject({ modelId: 'swap', displayOnly: true });
  });

  it('that gives another size than it says is refused', async () => {
    const zoo = temporaryFolder('zoo');
    const tooLarge = (m: Record<string, unknown>) => {
      const [output] = m['outputs'] as { axes: Record<string, unknown>[] }[];
      for (const axis of output.axes) if (axis['type'] === 'space') axis['scale'] = 0.25;
    };
    writeTinyColour(zoo, 'double', { spoil: tooLarge }); // It says x4 and gives x2.
    await expect(start(zoo, { model: 'double' })).rejects.toThrow(/returned 1x512x512x3 where/);
  });
});

describe('a service for which nobody chose a model', () => {
  const zooWith = (...tiers: readonly Readonly<Record<string, unknown>>[]): string => {
    const zoo = temporaryFolder('zoo');
    tiers.forEach((tier, i) => writeTinyColour(zoo, 'double', { id: `colour-${i}`, ...tier }));
    return zoo;
  };

  it('enlarges colour with the package that keeps video rate and is not for display only', async () => {
    const zoo = zooWith({ tier: 'colour' }, { tier: 'video-rate', displayOnly: true }, { tier: 'video-rate' });
    await start(zoo);
    expect(enhancer!.status).toMatchObject({ modelId: 'gaussian' }); // There is no package for grey here.
    const { prediction } = await enhancer!.enhance(colourFrame(colours(32, 32)));
    expect(prediction).toMatchObject({ modelId: 'colour-2', ladderStep: 0 });
    expect(enhancer!.status).toMatchObject({ modelId: 'colour-2', steps: ['colour-2', 'bicubic'], because: 'best' });
    expect((await enhancer!.enhance(frameOf(spots(32, 32)))).prediction.modelId).toBe('gaussian');
  });

  it('under `newest` does not hold the first frames up while it is loaded', async () => {
    await start(zooWith({ tier: 'video-rate' }), { policy: 'newest' });
    const first = await enhancer!.enhance(colourFrame(colours(32, 32)));
    expect(first.prediction).toMatchObject({ modelId: 'bicubic', ladderStep: 1 });
    expect(enhancer!.status).toMatchObject({ steps: ['colour-0', 'bicubic'], because: 'colour-0 is being loaded' });
    let sequence = 1;
    await expect
      .poll(async () => (await enhancer!.enhance(colourFrame(colours(32, 32), sequence++))).prediction.modelId, {
        timeout: 60_000,
      })
      .toBe('colour-0');
  });

  it('passes colour through bicubic when there is no such package', async () => {
    await start(zooWith({ tier: 'colour' }));
    const { prediction } = await enhancer!.enhance(colourFrame(colours(32, 32)));
    expect(prediction).toMatchObject({ modelId: 'bicubic', ladderStep: 0 });
  });
});
