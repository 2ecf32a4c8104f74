import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportSession, type ExportOptions } from '../../../../pipeline/record/export/exportSession.ts';
import { createRecorder } from '../../../../pipeline/record/recorder.ts';
import { openSession, type RecordedSession } from '../../../../pipeline/record/review.ts';
import { hasModules, python } from '../../../fixtures/python.ts';
import { acquisition, frame, plane, row, SIZE, totals } from '../frames.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

const FRAMES = 8;
/** Recorded, and never enhanced. */
const HOLE = 3;

let root: string;
let session: RecordedSession;
beforeAll(async () => {
  root = temporaryFolder('export');
  const recording = await createRecorder({ root, softwareVersion: '1.2.3', planesPerShard: 4 }).open(acquisition());
  for (let sequence = 0; sequence < FRAMES; sequence++) {
    const one = frame(sequence);
    await recording.writeRaw(one);
    if (sequence !== HOLE) await recording.writeEnhanced(one);
    recording.writeRow(row(one, sequence === HOLE ? 'superseded' : 'enhanced'));
  }
  await recording.close(totals({ arrived: FRAMES, recorded: FRAMES, enhanced: FRAMES - 1, superseded: 1 }));
  session = await openSession(recording.status.path!);
});
afterAll(() => session.close());

const exportAs = (options: Pick<ExportOptions, 'format'> & Partial<ExportOptions>) =>
  exportSession(session, { what: 'raw', out: join(root, 'out'), ...options });

interface TiffReport {
  isOme: boolean;
  isImageJ: boolean;
  axes: string;
  shape: number[];
  pages: string[];
  planes: string[];
  omeXml: string | null;
}

function readTiff(path: string): TiffReport {
  const script = join(import.meta.dirname, '../../../interop/tiffRead.py');
  return JSON.parse(execFileSync(python!, [script, path], { encoding: 'utf8' })) as TiffReport;
}

const hash = (data: ArrayLike<number> & { buffer: ArrayBufferLike }) =>
  createHash('sha256').update(new Uint8Array(data.buffer)).digest('hex');

describe.skipIf(!python)('TIFF, read by tifffile', () => {
  it('holds raw to the bit, with OME-XML that says what it is', () => {
    return exportAs({ format: 'ome-tiff' }).then(([path]) => {
      const report = readTiff(path!);
      expect(report).toMatchObject({ isOme: true, axes: 'TYX', shape: [FRAMES, SIZE, SIZE] });
      expect(report.planes).toEqual(Array.from({ length: FRAMES }, (_, t) => hash(plane(t).data as Uint16Array)));
      expect(report.omeXml).toMatch(/PhysicalSizeX="0\.1"/);
      expect(report.omeXml).toMatch(/scopestream\/provenance/);
    });
  }, 60_000);

  it('keeps a frame that was never enhanced as a hole, and marks the rest as predicted', async () => {
    const [path] = await exportAs({ format: 'ome-tiff', what: 'enhanced' });
    const report = readTiff(path!);
    expect(report.shape).toEqual([FRAMES, 2 * SIZE, 2 * SIZE]);
    expect(report.pages).toHaveLength(FRAMES - 1);
    expect(report.planes[HOLE + 1]).toBe(hash(plane(HOLE + 1001, 2 * SIZE).data as Uint16Array));
    expect(report.omeXml).toMatch(/Name="test \[PREDICTED bicubic@1\.0\.0\]"/);
    expect(report.omeXml).toMatch(/PhysicalSizeX="0\.05"/);
    expect(report.omeXml).toMatch(/scopestream\/prediction/);
  }, 60_000);

  it('makes stacks that ImageJ counts through, of a part of the session', async () => {
    const [path, sidecar] = await exportAs({ format: 'tiff', from: 1, to: 8, every: 3 });
    const report = readTiff(path!);
    expect(report).toMatchObject({ isImageJ: true, shape: [3, SIZE, SIZE] });
    expect(report.planes).toEqual([1, 4, 7].map((t) => hash(plane(t).data as Uint16Array)));
    const provenance = JSON.parse(readFileSync(sidecar!, 'utf8')) as { frames: unknown[] };
    expect(provenance.frames).toMatchObject([
      { sequence: 1, t: 0 },
      { sequence: 4, t: 1 },
      { sequence: 7, sessionT: 7 },
    ]);
  }, 60_000);
});

describe.skipIf(!python || !hasModules(python, ['ome_types', 'xmlschema']))('OME-XML, held to its schema', () => {
  const read = (path: string) => {
    const script = join(import.meta.dirname, '../../../interop/omeXmlRead.py');
    return JSON.parse(execFileSync(python!, [script, path], { encoding: 'utf8' })) as {
      faults: string[];
      image: Record<string, unknown>;
      planes: Record<string, unknown>[];
    };
  };

  it('says of measured pixels where they come from', async () => {
    const [path] = await exportAs({ format: 'ome-tiff' });
    const { faults, image, planes } = read(path!);
    expect(faults).toEqual([]);
    expect(image).toMatchObject({
      'scopestream/origin': { session: session.id, pixels: 'measured', software: 'Scopestream 1.2.3' },
      'scopestream/provenance': expect.stringContaining('"rawSha256"') as string,
    });
    expect(image).not.toHaveProperty('scopestream/prediction');
    expect(planes).toHaveLength(FRAMES);
  }, 60_000);

  it('says of each predicted plane who predicted it, and from what', async () => {
    const [path] = await exportAs({ format: 'ome-tiff', what: 'enhanced' });
    const { faults, image, planes } = read(path!);
    expect(faults).toEqual([]);
    const prediction = {
      ...{ modelId: 'bicubic', modelVersion: '1.0.0', license: 'Apache-2.0', predicted: 'true', ladderStep: '0' },
      ...{ source: session.id, intensityScale: '0.0625', normalisationOffset: '100', normalisationScale: '900' },
    };
    expect(image).toMatchObject({
      'scopestream/origin': { pixels: 'predicted' },
      'scopestream/prediction': prediction,
    });
    expect(planes).toHaveLength(FRAMES - 1);
    for (const plane of planes) expect(plane).toMatchObject({ 'scopestream/prediction': prediction });
  }, 60_000);
});

describe('the ledger as CSV', () => {
  it('has a line for every frame', async () => {
    const [path] = await exportAs({ format: 'csv' });
    const lines = readFileSync(path!, 'utf8').trimEnd().split('\r\n');
    expect(lines).toHaveLength(FRAMES + 1);
    expect(lines[0]).toMatch(/^sequence,name,end,because,/);
    expect(lines[HOLE + 1]).toMatch(/^3,frame-3\.tif,superseded,/);
  });
});

describe('pictures', () => {
  it('carry the mark of predicted pixels', async () => {
    const files = await exportAs({ format: 'png', what: 'both', to: 1 });
    expect(files.map((file) => file.slice(root.length + 5))).toEqual([
      '20261121-010203-test-both-000000.png',
      '20261121-010203-test-both.json',
    ]);
    const { data, info } = await sharp(files[0]!).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 4 * SIZE, height: 2 * SIZE });
    const amber = Array.from({ length: data.length / 3 }, (_, k) => k).filter(
      (k) => data[3 * k] === 255 && data[3 * k + 1] === 176 && data[3 * k + 2] === 32,
    );
    expect(amber.length).toBeGreaterThan(20);
    expect(amber.every((k) => k % info.width >= 2 * SIZE)).toBe(true);
  });

  it('stop when they are told to', async () => {
    const stopped = exportAs({ format: 'png', signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow(/the export was stopped/);
  });
});

describe('movies', () => {
  it('say what is missing where ffmpeg is not installed', async () => {
    await expect(exportAs({ format: 'mp4', ffmpeg: 'no-such-program' })).rejects.toMatchObject({
      tag: 'config',
      message: expect.stringMatching(/mp4 needs ffmpeg.*install it/) as string,
    });
  });

  const ffmpeg = process.env['SCOPESTREAM_FFMPEG'] ?? findProgram('ffmpeg');
  it.skipIf(!ffmpeg).each(['mp4', 'webm'] as const)('%s are written by ffmpeg', async (format) => {
    const done: number[] = [];
    const [path] = await exportAs({ format, what: 'both', ffmpeg, onProgress: (frames) => done.push(frames) });
    const probed = execFileSync(ffmpeg!, ['-hide_banner', '-i', path!, '-f', 'null', '-'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(probed).toBe('');
    expect(done.at(-1)).toBe(FRAMES);
    expect(readFileSync(path!).length).toBeGreaterThan(500);
  });
});

describe('a range without frames', () => {
  it('is refused by name', async () => {
    await expect(exportAs({ format: 'ome-tiff', from: 500 })).rejects.toThrow(/no recorded frames in that range/);
  });
});

function findProgram(name: string): string | undefined {
  return process.env['PATH']
    ?.split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
