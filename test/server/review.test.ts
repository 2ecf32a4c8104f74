import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fastify, type FastifyInstance } from 'fastify';
import fastifyStatic from '@fastify/static';
import sharp from 'sharp';
import { unzip } from 'unzipit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as zarr from 'zarrita';
import { createRecorder } from '../../pipeline/record/recorder.ts';
import { EXPORT_ARCHIVE, type ExportJob, type LiveMark } from '../../server/protocol.ts';
import { reviewRoutes } from '../../server/review.ts';
import { acquisition, frame, plane, row, SIZE, totals } from '../pipeline/record/frames.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

const ID = acquisition().id;
let root: string;
let app: FastifyInstance;
let url: string;
const marked: LiveMark[] = [];

beforeAll(async () => {
  root = temporaryFolder('api');
  const recording = await createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 4 }).open(acquisition());
  for (let sequence = 0; sequence < 6; sequence++) {
    const one = frame(sequence);
    await recording.writeRaw(one);
    if (sequence !== 3) await recording.writeEnhanced(one);
    recording.writeRow(row(one, sequence === 3 ? 'superseded' : 'enhanced'));
  }
  await recording.close(totals({ arrived: 6, recorded: 6, enhanced: 5, superseded: 1 }));
  writeFileSync(join(root, 'secret.txt'), 'not a session');

  app = fastify();
  await app.register(
    reviewRoutes(root, (mark) => marked.push(mark)),
    { prefix: '/api' },
  );
  // As the service does it: the viewer's own files stand beside the routes.
  await app.register(fastifyStatic, { root });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await app.close();
});

const get = (path: string) => app.inject({ url: `/api${path}` });

describe('sessions', () => {
  it('are listed and described', async () => {
    expect((await get('/sessions')).json()).toMatchObject([
      { id: ID, state: 'closed', noteCount: 0, duration: 0.25, certified: { arrived: 6, enhanced: 5, balances: true } },
    ]);
    expect((await get(`/sessions/${ID}`)).json()).toMatchObject({
      id: ID,
      frameCount: 6,
      isLive: false,
      images: [{ name: 'raw' }, { name: 'enhanced', magnification: 2, intensityScale: 1 / 16 }],
      constants: { acquisition: { physicalSizeX: 0.1 } },
    });
    expect((await get(`/sessions/${ID}/summary`)).json()).toMatchObject([{ second: 0, frames: 6 }]);
    expect((await get(`/sessions/${ID}/certificate`)).body).toMatch(/Every frame is accounted for/);
    expect((await get(`/sessions/${ID}/certificate.json`)).json()).toMatchObject({ balances: true, state: 'closed' });
  });

  it('give rows, and frames by time and by place', async () => {
    expect((await get(`/sessions/${ID}/rows?from=2&to=4`)).json()).toMatchObject([
      { sequence: 2 },
      { end: 'superseded' },
    ]);
    expect((await get(`/sessions/${ID}/find?ms=${frame(4).meta.arrivedMs + 1}`)).json()).toEqual({ sequence: 4 });
    expect((await get(`/sessions/${ID}/find?t=5`)).json()).toEqual({ sequence: 5 });
    expect((await get(`/sessions/${ID}/find?t=50`)).statusCode).toBe(404);
  });
});

describe('pixels', () => {
  it('come as they were recorded, with how to read them', async () => {
    const answer = await get(`/sessions/${ID}/frames/2/enhanced`);
    expect(answer.headers).toMatchObject({
      'x-size-x': String(2 * SIZE),
      'x-pixel-type': 'uint16',
      'x-intensity-scale': '0.0625',
      'x-predicted-by': 'bicubic 1.0.0',
    });
    const { rawPayload } = answer;
    expect(
      new Uint16Array(rawPayload.buffer.slice(rawPayload.byteOffset, rawPayload.byteOffset + rawPayload.length)),
    ).toEqual(plane(1002, 2 * SIZE).data);
    expect((await get(`/sessions/${ID}/frames/2/raw`)).headers['x-predicted-by']).toBeUndefined();
  });

  it('come in parts, reduced, and as pictures', async () => {
    const part = await get(`/sessions/${ID}/frames/2/raw?x=4&y=4&width=8&height=6&reduce=2`);
    expect(part.headers).toMatchObject({ 'x-size-x': '4', 'x-size-y': '3' });
    const picture = await get(`/sessions/${ID}/frames/2/raw?format=png&maxSide=8&low=0&high=4000`);
    expect(await sharp(picture.rawPayload).metadata()).toMatchObject({ format: 'png', width: 8, height: 8 });
  });

  it('are refused by name where there are none', async () => {
    expect((await get(`/sessions/${ID}/frames/3/enhanced`)).json().problem).toMatch(/no enhanced pixels of frame 3/);
    expect((await get(`/sessions/${ID}/frames/x/raw`)).statusCode).toBe(400);
  });
});

describe('notes', () => {
  it('are kept in all their versions', async () => {
    const added = await app.inject({
      method: 'POST',
      url: `/api/sessions/${ID}/notes`,
      payload: { text: 'fission here', sequence: 4 },
    });
    const { id } = added.json() as { id: string };
    await app.inject({ method: 'PUT', url: `/api/sessions/${ID}/notes/${id}`, payload: { text: 'fission, sure' } });
    expect((await get(`/sessions/${ID}/notes`)).json()).toMatchObject({
      notes: [{ id, text: 'fission, sure', version: 2, sequence: 4, history: [{ text: 'fission here' }] }],
    });
    await app.inject({ method: 'DELETE', url: `/api/sessions/${ID}/notes/${id}` });
    expect((await get(`/sessions/${ID}/notes`)).json()).toMatchObject({ notes: [] });
    const none = await app.inject({ method: 'POST', url: `/api/sessions/${ID}/notes`, payload: { text: ' ' } });
    expect(none.statusCode).toBe(400);
  });

  it('on a session that is being recorded are told to its viewers', async () => {
    const id = '20261121-020304-live';
    const recording = await createRecorder({ root, softwareVersion: '0.0.0' }).open(acquisition({ id }));
    const first = frame(0);
    await recording.writeRaw(first);
    recording.writeRow(row(first, 'enhanced'));
    await expect.poll(async () => (await get(`/sessions/${id}`)).json().frameCount, { timeout: 5000 }).toBe(1);
    const notes = `/api/sessions/${id}/notes`;
    const added = await app.inject({ method: 'POST', url: notes, payload: { text: 'fission', sequence: 0 } });
    const note = added.json() as { id: string };
    await app.inject({ method: 'DELETE', url: `${notes}/${note.id}` });
    const told = { id: note.id, sessionId: id, atMs: first.meta.arrivedMs, text: 'fission', sequence: 0 };
    expect(marked).toEqual([told, { ...told, removed: true }]);
    await recording.close(totals({ arrived: 1, recorded: 1, enhanced: 1 }));
    rmSync(join(root, id), { recursive: true });
  });

  it('rename a session without touching what was recorded', async () => {
    await app.inject({ method: 'PUT', url: `/api/sessions/${ID}/name`, payload: { name: 'HeLa, dish 3' } });
    expect((await get('/sessions')).json()).toMatchObject([{ name: 'HeLa, dish 3' }]);
    expect((await get(`/sessions/${ID}`)).json()).toMatchObject({ constants: { acquisition: { name: 'test' } } });
  });
});

describe('paths', () => {
  it.each([
    '/sessions/..%2F..%2Fetc',
    '/sessions/.trash',
    '/sessions/secret.txt',
    `/sessions/${ID}/zarr/../session.json`,
    `/sessions/${ID}/zarr/%2e%2e/session.json`,
    `/sessions/${ID}/zarr/..%2f..%2fsecret.txt`,
  ])('that lead elsewhere are refused: %s', async (path) => {
    const answer = await get(path);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.body).not.toMatch(/not a session|acquisition/);
  });
});

describe('the zarr store', () => {
  it('opens in a browser reader', async () => {
    const store = new zarr.FetchStore(`${url}/api/sessions/${ID}/zarr`);
    const array = await zarr.open.v3(zarr.root(store).resolve('raw/0'), { kind: 'array' });
    const { data } = await zarr.get(array, [5, 0, 0, null, null]);
    expect(data).toEqual(plane(5).data);
  });
});

describe('exports', () => {
  const exportAs = async (payload: object) =>
    (await app.inject({ method: 'POST', url: `/api/sessions/${ID}/exports`, payload })).json() as { id: string };

  it('run beside the service, tell how far they are, and are downloaded', async () => {
    const { id } = await exportAs({ format: 'csv' });
    const job = `/sessions/${ID}/exports/${id}`;
    await expect
      .poll(async () => (await get(job)).json(), { timeout: 15_000 })
      .toMatchObject({
        state: 'done',
        done: 12, // Each frame is looked through for its line, and for its cells.
        of: 12,
        files: [{ name: `${ID}.csv` }],
      });
    expect((await get(`${job}/${ID}.csv`)).body.split('\r\n')).toHaveLength(8);
    expect((await get(`${job}/session.json`)).statusCode).toBe(404);
    expect((await app.inject({ method: 'DELETE', url: `/api${job}` })).statusCode).toBe(200);
    expect((await get(job)).statusCode).toBe(404);
  });

  it('come in one file too', async () => {
    const { id } = await exportAs({ format: 'png', from: 0, to: 3 });
    const job = `/sessions/${ID}/exports/${id}`;
    await expect.poll(async () => (await get(job)).json(), { timeout: 15_000 }).toMatchObject({ state: 'done' });
    const { files } = (await get(job)).json() as ExportJob;
    expect(files.length).toBeGreaterThan(1);
    const answer = await get(`${job}/${EXPORT_ARCHIVE}`);
    expect(answer.headers['content-length']).toBe(String(answer.rawPayload.length));
    const { entries } = await unzip(new Uint8Array(answer.rawPayload));
    expect(Object.keys(entries)).toEqual(files.map(({ name }) => name));
    for (const { name } of files) {
      const alone = (await get(`${job}/${name}`)).rawPayload;
      expect(Buffer.from(await entries[name]!.arrayBuffer())).toEqual(alone);
    }
    expect((await get(`/sessions/${ID}/exports/none/${EXPORT_ARCHIVE}`)).statusCode).toBe(404);
  });

  it('that cannot be made say why', async () => {
    const { id } = await exportAs({ format: 'png', from: 1000 });
    await expect
      .poll(async () => (await get(`/sessions/${ID}/exports/${id}`)).json(), { timeout: 15_000 })
      .toMatchObject({ state: 'failed', problem: expect.stringMatching(/no recorded frames/) as string });
    const wrong = await app.inject({ method: 'POST', url: `/api/sessions/${ID}/exports`, payload: { format: 'exe' } });
    expect(wrong.statusCode).toBe(400);
  });
});

describe('deleting', () => {
  it('needs a confirmation, and can be taken back', async () => {
    expect((await app.inject({ method: 'DELETE', url: `/api/sessions/${ID}` })).statusCode).toBe(409);
    const deleted = await app.inject({ method: 'DELETE', url: `/api/sessions/${ID}?confirm=${ID}` });
    const { trashId } = deleted.json() as { trashId: string };
    expect((await get('/sessions')).json()).toEqual([]);
    expect((await get('/trash')).json()).toMatchObject([{ trashId }]);
    expect((await app.inject({ method: 'POST', url: `/api/trash/${trashId}/restore` })).json()).toEqual({ id: ID });
    expect((await get(`/sessions/${ID}/frames/1`)).json()).toMatchObject({ sequence: 1 });
  });
});
