import { afterEach, describe, expect, it } from 'vitest';
import { createAssessor } from '../../../pipeline/assess/assessor.ts';
import type { Acquisition, EnhancedFrame, NormalisedFrame, Plane, Prediction } from '../../../pipeline/frame.ts';
import { CAMERA, everySecond, expected, exposed, filaments, seeded } from './scene.ts';

const truth = filaments(256, 1.7);
const scene = everySecond(truth);
const random = seeded(5);
const raws = Array.from({ length: 24 }, () => planeOf(exposed(scene, CAMERA, random).data, 128));
const clean = planeOf(expected(truth, CAMERA).data, 256);

const acquisition: Acquisition = {
  id: 'test',
  name: 'test',
  sourceKind: 'test',
  startedAt: '2026-01-01T00:00:00Z',
  sizeX: 128,
  sizeY: 128,
  samplesPerPixel: 1,
  pixelType: 'uint16',
  significantBits: 12,
  physicalSizeX: 0.1,
  channels: [{ name: 'green' }],
};

const prediction: Prediction = {
  predicted: true,
  modelId: 'oracle',
  modelVersion: '1.0.0',
  modelSha256: '',
  license: 'Apache-2.0',
  precision: 'fp32',
  provider: 'cpu',
  ladderStep: 0,
  tiles: 1,
};

function planeOf(samples: Float32Array, size: number): Plane {
  return { sizeX: size, sizeY: size, samplesPerPixel: 1, pixelType: 'uint16', data: Uint16Array.from(samples) };
}

function frameOf(sequence: number, raw = raws[sequence % raws.length]): NormalisedFrame {
  const meta = { sequence, index: { t: sequence, c: 0, z: 0 }, name: `${sequence}`, arrivedMs: 0, completedBy: 'test' };
  const normalisation = { offset: 104, scale: 160, source: 'test' };
  return { meta, raw, description: {}, times: {}, normalisation, history: [] };
}

function enhancedFrame(sequence: number): EnhancedFrame {
  return { ...frameOf(sequence), enhanced: { plane: clean, intensityScale: 1, magnification: 2, prediction } };
}

let assessor: ReturnType<typeof createAssessor> | undefined;
afterEach(() => assessor?.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('assessor', () => {
  it('answers the first frame at once, with what that frame says on its own', async () => {
    assessor = createAssessor(acquisition);
    const { measured, predicted } = await assessor.assess(enhancedFrame(0));
    expect(measured.mean).toBeGreaterThan(100);
    expect(measured.noiseSigma).toBeGreaterThan(1);
    expect(measured.gain).toBeUndefined();
    expect(predicted?.verdict).toBe('uncertifiable');
  });

  it('knows more as frames pass, and leaves the planes as they were', async () => {
    assessor = createAssessor(acquisition);
    const before = raws[0].data.slice();
    let quality = await assessor.assess(enhancedFrame(0));
    for (let sequence = 0; sequence < 2000 && quality.predicted?.uPsnr === undefined; sequence++) {
      assessor.observe(frameOf(sequence));
      quality = await assessor.assess(enhancedFrame(sequence));
      await pause(10);
    }
    expect(quality.predicted?.uPsnr).toBeGreaterThan(20);
    expect(quality.predicted?.chiSquared).toBeLessThan(1.2);
    expect(quality.measured.rowCorrelation).toBeDefined();
    expect(assessor.status.faults).toBe(0);
    expect(raws[0].data).toEqual(before);
  }, 60_000);

  it('measures frames without a prediction too', async () => {
    assessor = createAssessor(acquisition);
    expect(await assessor.assess(frameOf(0))).not.toHaveProperty('predicted');
  });

  it('skips frames, and counts them, rather than pile them up', () => {
    const skipped: string[] = [];
    assessor = createAssessor(acquisition, { skipped: (pixels) => void skipped.push(pixels) });
    for (let sequence = 0; sequence < 20; sequence++) assessor.observe(frameOf(sequence));
    expect(assessor.status.skipped).toBe(16);
    void assessor.assess(enhancedFrame(20));
    expect(skipped).toEqual([...Array.from({ length: 16 }, () => 'raw'), 'predicted']);
  });

  it('looks at green of a colour frame and at the middle of a large one', async () => {
    const data = new Uint8Array(400 * 500 * 3).fill(7);
    for (let i = 1; i < data.length; i += 3) data[i] = 50;
    const colour: Plane = { sizeX: 400, sizeY: 500, samplesPerPixel: 3, pixelType: 'uint8', data };
    assessor = createAssessor({
      ...acquisition,
      sizeX: 400,
      sizeY: 500,
      samplesPerPixel: 3,
      pixelType: 'uint8',
      significantBits: 8,
    });
    const { measured } = await assessor.assess(frameOf(0, colour));
    expect(measured).toMatchObject({ mean: 50, noiseSigma: 0, saturated: 0, atZero: 0 });
  });

  it('closes without waiting for work in hand', async () => {
    assessor = createAssessor(acquisition);
    assessor.observe(frameOf(0));
    await assessor.close();
    assessor.observe(frameOf(1));
    expect(assessor.status.skipped).toBe(1);
  });
});
