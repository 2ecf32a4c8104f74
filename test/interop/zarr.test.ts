import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as zarr from 'zarrita';
import type { ClassifiedFrame } from '../../pipeline/frame.ts';
import { bytesOf } from '../../pipeline/record/pixels.ts';
import { createRecorder } from '../../pipeline/record/recorder.ts';
import { SessionWriter } from '../../pipeline/record/sessionWriter.ts';
import { RECORD_DEFAULTS } from '../../pipeline/record/settings.ts';
import { python } from '../fixtures/python.ts';
import { acquisition, frame, row, SIZE, totals } from '../pipeline/record/frames.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

/** What others make of a recorded session: zarr-python and ome-zarr from the disk, zarrita over HTTP. */

const HOLE = 4;
const frames = [0, 1, 2, 3, 5, 6, 7, 8, 9, 10].map((t) => frame(t));

let root: string;
let images: string;
beforeAll(async () => {
  root = temporaryFolder('zarr');
  const recorder = createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 4, codec: 'blosc' });
  const recording = await recorder.open(acquisition());
  for (const one of frames) {
    await recording.writeRaw(one);
    await recording.writeEnhanced(one);
    recording.writeRow(row(one));
  }
  await recording.close(totals({ arrived: frames.length }));
  images = join(recording.status.path!, 'images.ome.zarr');
});

interface Report {
  times: (number | null)[];
  timesUnit: string;
  images: Record<'raw' | 'enhanced', Record<string, unknown>>;
}

function readWithPython(store: string): Report {
  const script = join(import.meta.dirname, 'zarrRead.py');
  return JSON.parse(execFileSync(python!, [script, store], { encoding: 'utf8' })) as Report;
}

function hashes(planeOf: (frame: ClassifiedFrame) => Uint16Array, size: number): string[] {
  const byT = new Map(frames.map((one) => [one.meta.index.t, planeOf(one)]));
  const sha256 = (pixels: Uint16Array) => createHash('sha256').update(new Uint8Array(pixels.buffer)).digest('hex');
  return Array.from({ length: 11 }, (_, t) => sha256(byT.get(t) ?? new Uint16Array(size * size)));
}

describe.skipIf(!python)('zarr-python and ome-zarr', () => {
  it('read every pixel and accept the metadata', () => {
    const report = readWithPython(images);
    const { raw, enhanced } = report.images;
    expect(raw).toMatchObject({
      shape: [11, 1, 1, SIZE, SIZE],
      dtype: 'uint16',
      dimensions: ['t', 'c', 'z', 'y', 'x'],
      sha256: hashes(({ raw }) => raw.data as Uint16Array, SIZE),
    });
    expect(enhanced).toMatchObject({
      shape: [11, 1, 1, 2 * SIZE, 2 * SIZE],
      sha256: hashes(({ enhanced }) => enhanced!.plane.data as Uint16Array, 2 * SIZE),
    });
    expect((raw['sums'] as number[])[HOLE]).toBe(0);
    const startMs = Date.parse(acquisition().startedAt);
    const arrived = new Map(frames.map(({ meta }) => [meta.index.t, (meta.arrivedMs - startMs) / 1000]));
    expect(report.times).toEqual(Array.from({ length: 11 }, (_, t) => arrived.get(t) ?? null));
    expect(report.timesUnit).toBe('second');
    if ('scale' in raw) {
      expect(raw['scale']).toEqual([0.05, 1, 1, 0.1, 0.1]);
      expect(enhanced['scale']).toEqual([0.05, 1, 1, 0.05, 0.05]);
      expect(raw['units']).toEqual(['second', null, null, 'micrometer', 'micrometer']);
    }
    if ('omeZarrShape' in raw) expect(raw['omeZarrShape']).toEqual([11, 1, 1, SIZE, SIZE]);
  }, 60_000);
});

describe.skipIf(!python)('zarr-python', () => {
  it.each(['none', 'blosc', 'zstd'] as const)(
    'reads planes of the codec %s, those stored in a hurry as well',
    async (codec) => {
      const settings = { ...RECORD_DEFAULTS, root, codec, planesPerShard: 4, softwareVersion: '0.0.0' };
      const order = { acquisition: acquisition({ id: codec }), settings, constants: {} };
      const writer = new SessionWriter(order, () => {});
      for (const { meta, raw } of frames) {
        const task = { ...meta, pixels: bytesOf(raw) };
        await writer.writeRaw(task, meta.sequence % 2 === 0);
      }
      await writer.close(totals({}), undefined);
      const { raw } = readWithPython(join(writer.folder, 'images.ome.zarr')).images;
      expect(raw['sha256']).toEqual(hashes(({ raw }) => raw.data as Uint16Array, SIZE));
    },
    60_000,
  );
});

describe.skipIf(!python)('the check in docs/recording.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/recording.md'), 'utf8');
  const check = /```python\n(.*?)```/s.exec(page)![1]!;
  const run = () => execFileSync(python!, ['-c', check], { cwd: dirname(images), stdio: 'pipe' });

  it('passes on a session as it was recorded, and fails on one that was edited', () => {
    run();
    const ledger = join(dirname(images), 'frames.jsonl');
    const text = readFileSync(ledger, 'utf8');
    writeFileSync(ledger, text.replace('frame-6.tif', 'frame-7.tif'));
    expect(run).toThrow(/AssertionError/);
    writeFileSync(ledger, text);
  });
});

describe('zarrita over HTTP', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => serveFile(images, request.url!, request.headers.range, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  it('reads single planes through range requests', async () => {
    const { port } = server.address() as AddressInfo;
    const store = new zarr.FetchStore(`http://127.0.0.1:${port}`);
    const array = await zarr.open.v3(zarr.root(store).resolve('enhanced/0'), { kind: 'array' });
    for (const { meta, enhanced } of [frames[0]!, frames[6]!]) {
      const { data } = await zarr.get(array, [meta.index.t, 0, 0, null, null]);
      expect(data).toEqual(enhanced!.plane.data);
    }
  });
});

/** A plain file server that knows byte ranges, as any web server does. */
function serveFile(folder: string, url: string, range: string | undefined, response: ServerResponse): void {
  const path = join(folder, url);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return void response.writeHead(404).end();
  const [, first, last] = /bytes=(\d*)-(\d*)/.exec(range ?? '') ?? [];
  if (first === undefined) return void createReadStream(path).pipe(response.writeHead(200));
  const start = first === '' ? found.size - Number(last) : Number(first);
  const end = first === '' || last === '' ? found.size - 1 : Number(last);
  response.writeHead(206, {
    'content-range': `bytes ${start}-${end}/${found.size}`,
    'content-length': end - start + 1,
  });
  createReadStream(path, { start, end }).pipe(response);
}
