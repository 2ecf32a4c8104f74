import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import * as zarr from 'zarrita';
import { FileSystemStore } from '@zarrita/storage';
import type { Acquisition, ClassifiedFrame } from '../../../pipeline/frame.ts';
import { createRecorder } from '../../../pipeline/record/recorder.ts';
import { openSession } from '../../../pipeline/record/review.ts';
import type { RecordSettings } from '../../../pipeline/record/settings.ts';
import { acquisition, colourPlane, frame, row, SIZE, totals } from './frames.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let root: string;
beforeEach(() => {
  root = temporaryFolder('record');
});

/** Records `frames`, raw and enhanced, and closes. Returns the session's folder. */
async function record(
  frames: readonly ClassifiedFrame[],
  settings: Partial<RecordSettings> = {},
  acq: Acquisition = acquisition(),
): Promise<string> {
  const recording = await createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 4, ...settings }).open(acq);
  for (const one of frames) {
    await recording.writeRaw(one);
    await recording.writeEnhanced(one);
    recording.writeRow(row(one));
  }
  await recording.close(totals({ arrived: frames.length, enhanced: frames.length, recorded: frames.length }));
  expect(recording.status).toMatchObject({ state: 'closed', rawFrames: frames.length });
  return recording.status.path!;
}

async function openArray(folder: string, image: string) {
  const store = new FileSystemStore(join(folder, 'images.ome.zarr'));
  return zarr.open.v3(zarr.root(store).resolve(`${image}/0`), { kind: 'array' });
}

async function readPlane(folder: string, image: string, t: number, c = 0, z = 0): Promise<number[]> {
  const { data } = await zarr.get(await openArray(folder, image), [t, c, z, null, null]);
  return [...(data as Uint16Array)];
}

function lines(folder: string): Record<string, unknown>[] {
  const text = readFileSync(join(folder, 'frames.jsonl'), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a recorded session', () => {
  it.each(['none', 'blosc', 'zstd'] as const)('reads back to the bit with the codec %s', async (codec) => {
    const frames = Array.from({ length: 10 }, (_, sequence) => frame(sequence));
    const folder = await record(frames, { codec });
    for (const { meta, raw, enhanced } of frames) {
      expect(await readPlane(folder, 'raw', meta.index.t)).toEqual([...raw.data]);
      expect(await readPlane(folder, 'enhanced', meta.index.t)).toEqual([...enhanced!.plane.data]);
    }
  });

  it('puts channels, sections and late frames at their index, and leaves holes as holes', async () => {
    const places = [
      { t: 0, c: 0, z: 0 },
      { t: 9, c: 1, z: 2 },
      { t: 2, c: 1, z: 0 },
      { t: 21, c: 0, z: 0 },
      { t: 1, c: 0, z: 0 },
    ];
    const frames = places.map((index, sequence) => frame(sequence, index));
    const folder = await record(frames, {}, acquisition({ channels: [{ name: 'a' }, { name: 'b' }] }));
    expect((await openArray(folder, 'raw')).shape).toEqual([22, 2, 3, SIZE, SIZE]);
    for (const { meta, raw } of frames) {
      const { t, c, z } = meta.index;
      expect(await readPlane(folder, 'raw', t, c, z)).toEqual([...raw.data]);
    }
    expect(new Set(await readPlane(folder, 'raw', 5))).toEqual(new Set([0]));
  });

  it('keeps both of two frames with one index, and says where the second lies', async () => {
    const frames = [frame(0, { t: 0 }), frame(1, { t: 1 }), frame(2, { t: 0 })];
    const folder = await record(frames);
    expect(await readPlane(folder, 'raw', 0)).toEqual([...frames[0]!.raw.data]);
    expect(await readPlane(folder, 'raw', 2)).toEqual([...frames[2]!.raw.data]);
    expect(await readPlane(folder, 'enhanced', 2)).toEqual([...frames[2]!.enhanced!.plane.data]);
    expect(lines(folder).at(-2)).toMatchObject({ sequence: 2, raw: { index: { t: 2, c: 0, z: 0 } } });
  });

  it('leaves a hole where a frame was not enhanced', async () => {
    const frames = [0, 1, 2].map((sequence) => frame(sequence));
    const { enhanced: _, ...unenhanced } = frames[1]!;
    const folder = await record([frames[0]!, unenhanced, frames[2]!]);
    expect(new Set(await readPlane(folder, 'enhanced', 1))).toEqual(new Set([0]));
    expect(await readPlane(folder, 'enhanced', 2)).toEqual([...frames[2]!.enhanced!.plane.data]);
  });

  it('stores colour as three channels', async () => {
    const raw = colourPlane(3);
    const { enhanced: _, ...grey } = frame(0);
    const folder = await record(
      [{ ...grey, raw }],
      {},
      acquisition({ samplesPerPixel: 3, pixelType: 'uint8', significantBits: 8 }),
    );
    const red = await readPlane(folder, 'raw', 0, 0);
    const blue = await readPlane(folder, 'raw', 0, 2);
    expect(red).toEqual([...raw.data].filter((_, k) => k % 3 === 0));
    expect(blue).toEqual([...raw.data].filter((_, k) => k % 3 === 2));
  });

  it('opens another image for enhanced planes of another shape', async () => {
    const small = frame(1);
    const frames = [frame(0), { ...small, enhanced: { ...small.enhanced!, magnification: 1, plane: small.raw } }];
    const folder = await record(frames);
    expect(await readPlane(folder, 'enhanced-2', 1)).toEqual([...small.raw.data]);
    expect(lines(folder).at(-2)).toMatchObject({ enhanced: { image: 'enhanced-2' } });
  });

  it('names channels that no frame at the start was of, in the store and for whoever opens the session', async () => {
    const of = (sequence: number, c: number, channelName?: string, emissionWavelength?: number): ClassifiedFrame => ({
      ...frame(sequence, { t: sequence >> 1, c }),
      description: { channelName, emissionWavelength },
    });
    const frames = [of(0, 0, 'mito'), of(1, 1, 'GFP', 509), of(2, 0, 'mito'), of(3, 1, 'GFP', 509)];
    const folder = await record(frames);
    const labels = (image: string) => {
      const { attributes } = JSON.parse(readFileSync(join(folder, 'images.ome.zarr', image, 'zarr.json'), 'utf8')) as {
        attributes: { ome: { omero: { channels: { label: string }[] } } };
      };
      return attributes.ome.omero.channels.map(({ label }) => label);
    };
    expect(labels('raw')).toEqual(['mito', 'GFP']);
    expect(labels('enhanced')).toEqual(['mito (predicted)', 'GFP (predicted)']);
    const session = await openSession(folder);
    expect(session.acquisition.channels).toEqual([{ name: 'mito' }, { name: 'GFP', emissionWavelength: 509 }]);
    session.close();
    const certificate = readFileSync(join(folder, 'certificate.json'), 'utf8');
    expect(certificate).toContain('mito, GFP');
  });

  it('writes one provenance line for many frames', async () => {
    const folder = await record([0, 1, 2].map((sequence) => frame(sequence)));
    const provenance = lines(folder).filter((line) => line['event'] === 'provenance');
    expect(provenance).toMatchObject([{ id: 0, prediction: { modelId: 'bicubic', predicted: true } }]);
    expect(lines(folder).filter((line) => line['provenance'] === 0)).toHaveLength(3);
  });
});

describe('trouble', () => {
  it('refuses to write into a session that is there', async () => {
    await record([frame(0)]);
    await expect(record([frame(0)])).rejects.toThrow(/a session of this name is there already/);
  });

  it('refuses a folder for sessions that is a file', async () => {
    writeFileSync(join(root, 'file'), '');
    const recorder = createRecorder({ root: join(root, 'file'), softwareVersion: '0.0.0' });
    await expect(recorder.open(acquisition())).rejects.toMatchObject({ tag: 'record', message: /path is a file/ });
  });

  it('ends a session by name when the disk is full, with what was recorded intact', async () => {
    const recorder = createRecorder({ root, softwareVersion: '0.0.0', reserveBytes: 2 ** 60 });
    const recording = await recorder.open(acquisition());
    await expect(recording.writeRaw(frame(0))).rejects.toMatchObject({ tag: 'record', message: /the disk is full/ });
    expect(recording.status).toMatchObject({ state: 'failed', warning: /the disk is full/ });
    await expect(recording.close(totals({}))).rejects.toThrow(/the disk is full/);
  });

  it('waits for the disk when told to', async () => {
    const recorder = createRecorder({ root, softwareVersion: '0.0.0', reserveBytes: 2 ** 60, onDiskTrouble: 'wait' });
    const recording = await recorder.open(acquisition());
    const written = expect(recording.writeRaw(frame(0))).rejects.toThrow(/the disk is full/);
    await expect
      .poll(() => recording.status, { timeout: 10_000 })
      .toMatchObject({ state: 'waiting', warning: /the disk is full/ });
    await expect(recording.close(totals({}))).rejects.toThrow(/the disk is full/);
    await written;
  });
});
