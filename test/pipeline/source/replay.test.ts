import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countPages } from '../../../pipeline/decode/registry.ts';
import type { SessionReader } from '../../../pipeline/ports.ts';
import { createReplaySource, type ReplaySourceOptions } from '../../../pipeline/source/replay.ts';
import { coordinatePlane, framesOf, numberOfFrame, SIZE, takeUntil, writeCoordinateTiff } from './coordinateFrames.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let folder: string;
let stop: AbortController;
beforeEach(() => {
  folder = temporaryFolder('replay');
  stop = new AbortController();
});
afterEach(() => stop.abort());

async function play(options: Partial<ReplaySourceOptions>, count = Infinity) {
  const source = createReplaySource({ path: folder, rate: 'fast', countPages, ...options });
  return framesOf(
    await takeUntil(source.events(stop.signal)[Symbol.asyncIterator](), (taken) => taken.length >= count),
  );
}

describe('replay source', () => {
  it('plays images in natural order, with sub-folders, and passes over what is no image', async () => {
    for (const n of [10, 2, 1]) writeCoordinateTiff(join(folder, `a_t${n}.tif`), n);
    mkdirSync(join(folder, 'b'));
    writeCoordinateTiff(join(folder, 'b', 'frame.tif'), 11);
    writeFileSync(join(folder, 'notes.txt'), 'notes');
    const frames = await play({});
    expect(await Promise.all(frames.map(numberOfFrame))).toEqual([1, 2, 10, 11]);
    expect(frames[0]).toMatchObject({ name: 'a_t1.tif', completedBy: 'replay', description: { index: { t: 1 } } });
  });

  it('plays several recordings in turn, stacks page by page', async () => {
    writeCoordinateTiff(join(folder, 'stack_1.tif'), 5, 3);
    writeCoordinateTiff(join(folder, 'single.tif'), 9);
    const frames = await play({ path: [join(folder, 'stack_1.tif'), join(folder, 'single.tif')] });
    expect(await Promise.all(frames.map(numberOfFrame))).toEqual([5, 6, 7, 9]);
    expect(frames.map(({ name }) => name)).toEqual(['stack_1.tif', 'stack_1.tif[1]', 'stack_1.tif[2]', 'single.tif']);
  });

  it('begins again when it is to loop, and time goes on', async () => {
    for (const n of [0, 1, 2]) writeCoordinateTiff(join(folder, `a_t${n}.tif`), n);
    const frames = await play({ loop: true }, 8);
    expect(await Promise.all(frames.map(numberOfFrame))).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
    expect(frames.map(({ description }) => description.index?.t)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('tells what was recorded of a session', async () => {
    const openSession = async (): Promise<SessionReader> => ({
      acquisition: {
        id: '20260101-000000-test',
        name: 'mitosis',
        sourceKind: 'tcp',
        startedAt: '2026-01-01T00:00:00Z',
        sizeX: SIZE,
        sizeY: SIZE,
        samplesPerPixel: 1,
        pixelType: 'uint16',
        significantBits: 12,
        physicalSizeX: 0.1,
        channels: [{ name: 'DAPI' }, { name: 'GFP', emissionWavelength: 510 }],
      },
      async *frames() {
        yield { index: { t: 4, c: 1, z: 2 }, plane: coordinatePlane(3) };
      },
    });
    const [frame] = await play({ openSession });
    expect(await numberOfFrame(frame!)).toBe(3);
    expect(frame!.description).toMatchObject({
      index: { t: 4, c: 1, z: 2 },
      acquisitionName: 'mitosis',
      significantBits: 12,
      physicalSizeX: 0.1,
      channelName: 'GFP',
      emissionWavelength: 510,
    });
  });

  it('keeps to its rate', async () => {
    writeCoordinateTiff(join(folder, 'stack.tif'), 0, 21);
    const startedMs = performance.now();
    await play({ rate: 100 });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(199);
  });

  it('hands on an image that cannot be read, for decoding to name', async () => {
    writeFileSync(join(folder, 'a_t0.tif'), 'no image');
    writeCoordinateTiff(join(folder, 'a_t1.tif'), 1);
    const frames = await play({});
    await expect(numberOfFrame(frames[0]!)).rejects.toThrow('a_t0.tif');
    expect(await numberOfFrame(frames[1]!)).toBe(1);
  });

  it('says what is wrong when there is nothing to play', async () => {
    await expect(play({})).rejects.toThrow(`nothing to replay in ${folder}`);
    await expect(play({ path: join(folder, 'gone') })).rejects.toThrow(`cannot replay ${join(folder, 'gone')}`);
    expect(() => createReplaySource({ path: folder, rate: 0, countPages })).toThrow('replay rate 0');
  });
});
