import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Frame, FrameIndex, Plane } from '../../pipeline/frame.ts';
import { createNormaliser, normalisationOf } from '../../pipeline/normalise.ts';
import { python } from '../fixtures/python.ts';
import { CAMERA, exposed, filaments, seeded } from './assess/scene.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

const size = 64;
const scene = filaments(size, 1.2);

function planeOf(seed: number): Plane {
  const data = Uint16Array.from(exposed(scene, CAMERA, seeded(seed)).data);
  return { sizeX: size, sizeY: size, samplesPerPixel: 1, pixelType: 'uint16', data };
}

function frameOf(sequence: number, raw: Plane, index: Partial<FrameIndex> = {}): Frame {
  const meta = {
    sequence,
    index: { t: sequence, c: 0, z: 0, ...index },
    name: `${sequence}`,
    arrivedMs: 0,
    completedBy: '',
  };
  return { meta, raw, description: {}, times: {} };
}

const black: Plane = { ...planeOf(0), data: new Uint16Array(size * size) };

describe('normalisation', () => {
  it.skipIf(!python)('is the formula that the models are trained with', () => {
    const folder = temporaryFolder('normalise');
    const plane = planeOf(3);
    const path = join(folder, 'plane.u16');
    writeFileSync(path, new Uint8Array(plane.data.buffer));
    const script = `
import numpy as np, sys
from scipy.ndimage import uniform_filter
frame = np.fromfile(sys.argv[1], '<u2').reshape(${size}, ${size})
low, high = np.percentile(uniform_filter(frame.astype(np.float32), 5, mode='nearest'), [1.0, 99.9])
print(low, high - low)`;
    const [offset, scale] = execFileSync(python ?? '', ['-c', script, path], { encoding: 'utf8' })
      .split(' ')
      .map(Number);
    const ours = normalisationOf(plane, 'test');
    expect(ours.offset).toBeCloseTo(offset, 3);
    expect(ours.scale).toBeCloseTo(scale, 3);
  });

  it('keeps the constants of the first frame, per channel', () => {
    const normalise = createNormaliser();
    const first = normalise(frameOf(0, planeOf(1))).normalisation;
    for (let i = 1; i < 40; i++) expect(normalise(frameOf(i, planeOf(i))).normalisation).toBe(first);
    const bright: Plane = { ...planeOf(1), data: planeOf(1).data.map((value) => value * 2) };
    expect(normalise(frameOf(40, bright, { c: 1 })).normalisation.scale).toBeCloseTo(2 * first.scale, 3);
  });

  it('looks again, once, when the first frame was black', () => {
    const normalise = createNormaliser();
    expect(normalise(frameOf(0, black)).normalisation).toEqual({ offset: 0, scale: 1, source: 'first-frame' });
    for (let i = 1; i < 31; i++) normalise(frameOf(i, planeOf(i)));
    const second = normalise(frameOf(31, planeOf(31))).normalisation;
    expect(second).toEqual(normalisationOf(planeOf(31), 'frame-32'));
    expect(normalise(frameOf(32, black)).normalisation).toBe(second);
  });

  it('hands on the two planes before, of the same channel and section', () => {
    const normalise = createNormaliser();
    const planes = [0, 1, 2, 3].map(planeOf);
    expect(normalise(frameOf(0, planes[0])).history).toEqual([]);
    expect(normalise(frameOf(1, planes[1])).history).toEqual([planes[0]]);
    expect(normalise(frameOf(2, planes[2], { z: 1 })).history).toEqual([]);
    expect(normalise(frameOf(3, planes[2])).history).toEqual([planes[0], planes[1]]);
    expect(normalise(frameOf(4, planes[3])).history).toEqual([planes[1], planes[2]]);
  });

  it('survives a plane without a finite range', () => {
    const plane: Plane = { ...black, pixelType: 'float32', data: new Float32Array(size * size).fill(NaN) };
    expect(normalisationOf(plane, 'test')).toEqual({ offset: 0, scale: 1, source: 'not finite' });
  });
});
