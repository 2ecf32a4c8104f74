/**
 * The HTTP side of recorded sessions, also of one that is still being recorded. All routes stand under `/api`:
 *
 *     GET    /sessions                                    list, newest first
 *     GET    /sessions/:id                                what is constant, images, events, certificate, notes
 *     PUT    /sessions/:id/name            {name}
 *     DELETE /sessions/:id?confirm=:id                    to the trash; answers {trashId}
 *     GET    /trash        POST /trash/:trashId/restore
 *     GET    /sessions/:id/rows?from&to                   ledger rows, at most 1000
 *     GET    /sessions/:id/find?ms | ?t&c&z               the frame at a time or a place: {sequence}
 *     GET    /sessions/:id/frames/:sequence               its ledger row
 *     GET    /sessions/:id/frames/:sequence/raw|enhanced  pixels: format, x, y, width, height, reduce, low, high, maxSide
 *     GET    /sessions/:id/summary                        one entry a second
 *     GET    /sessions/:id/certificate | certificate.json certificate.html, and the same for programs
 *     GET    /sessions/:id/notes           POST {text, sequence?, author?}
 *     PUT    /sessions/:id/notes/:note     {text}         DELETE the same
 *     POST   /sessions/:id/exports         {format, what, from?, to?, every?}    GET lists them
 *     GET    /sessions/:id/exports/:job                   state and progress; DELETE stops it and removes its files
 *     GET    /sessions/:id/exports/:job/:file             one of its files; all.zip: all of them
 *     GET    /sessions/:id/zarr/*                         the OME-Zarr store, read-only, with byte ranges
 *
 * Pixels with `format=pixels` (the default) are little-endian and row-major; the `x-` headers say how to read them. Every
 * answer with enhanced pixels names the model that predicted them in `x-predicted-by`.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { z } from 'zod';
import { isScopestreamError, messageOf, SessionError } from '../pipeline/errors.ts';
import { CERTIFICATE_FILE, CERTIFICATE_PAGE } from '../pipeline/record/certificate.ts';
import { EXPORT_FORMATS } from '../pipeline/record/export/exportSession.ts';
import { lockState } from '../pipeline/record/lock.ts';
import {
  addNote,
  changeNote,
  MAX_NOTE_CHARS,
  type NoteVersion,
  readNotes,
  removeNote,
  renameSession,
} from '../pipeline/record/notes.ts';
import { IMAGES_FOLDER } from '../pipeline/record/omeZarr.ts';
import { encodePicture } from '../pipeline/record/picture.ts';
import { bytesOf } from '../pipeline/record/pixels.ts';
import { crop, reduce } from '../pipeline/record/region.ts';
import type { ReadPlane, RecordedSession } from '../pipeline/record/review.ts';
import {
  folderOf,
  listSessions,
  listTrash,
  restoreSession,
  summaryOf,
  trashSession,
} from '../pipeline/record/sessionFolder.ts';
import { archiveOf } from './exportArchive.ts';
import { ExportJobs } from './exportJobs.ts';
import { liveMark } from './marks.ts';
import { OpenSessions } from './openSessions.ts';
import { EXPORT_ARCHIVE, type LiveMark } from './protocol.ts';

const MAX_ROWS = 1000;

const whole = z.coerce.number().int().min(0);
const idParams = z.object({ id: z.string() });
const frameParams = z.object({ id: z.string(), sequence: whole });
const pixelParams = frameParams.extend({ which: z.enum(['raw', 'enhanced']) });
const noteParams = z.object({ id: z.string(), note: z.string() });
const rowsQuery = z.object({ from: whole.default(0), to: whole.optional() });
const findQuery = z.union([
  z.object({ ms: z.coerce.number() }),
  z.object({ t: whole, c: whole.default(0), z: whole.default(0) }),
]);
const pixelQuery = z.object({
  format: z.enum(['pixels', 'png', 'jpeg', 'webp']).default('pixels'),
  x: whole.optional(),
  y: whole.optional(),
  width: whole.optional(),
  height: whole.optional(),
  reduce: z.coerce.number().int().min(1).max(64).default(1),
  low: z.coerce.number().optional(),
  high: z.coerce.number().optional(),
  maxSide: z.coerce.number().int().min(8).max(4096).optional(),
});
const noteBody = z.object({
  text: z.string().trim().min(1).max(MAX_NOTE_CHARS),
  sequence: whole.optional(),
  author: z.string().max(200).optional(),
});
const jobParams = z.object({ id: z.string(), job: z.string() });
const exportBody = z.object({
  format: z.enum(EXPORT_FORMATS),
  what: z.enum(['raw', 'enhanced', 'both']).default('raw'),
  from: whole.optional(),
  to: whole.optional(),
  every: z.coerce.number().int().min(1).optional(),
});
const nameBody = z.object({ name: z.string().trim().min(1).max(200) });

type PixelQuery = z.output<typeof pixelQuery>;

/** Routes over the sessions in `root`. `marked`: somebody marked or annotated a session that is being recorded. */
export function reviewRoutes(root: string, marked: (mark: LiveMark) => void = () => {}): FastifyPluginAsync {
  return async (app) => {
    mkdirSync(root, { recursive: true });
    const sessions = new OpenSessions(root);
    const exports = new ExportJobs();
    app.addHook('onClose', async () => {
      sessions.close();
      await exports.close();
    });
    app.setErrorHandler((error, _request, reply) => refuse(error, reply));
    await app.register(fastifyStatic, { root, serve: false });

    const tell = async (id: string, note: NoteVersion): Promise<NoteVersion> => {
      if (lockState(folderOf(root, id)) !== 'live') return note;
      const session = await sessions.get(id);
      const arrivedMs = note.sequence === undefined ? undefined : session.row(note.sequence)?.meta?.arrivedMs;
      marked(liveMark(id, note, arrivedMs));
      return note;
    };

    app.get('/sessions', async () => listSessions(root));

    app.get('/sessions/:id', async (request) => {
      const { id } = idParams.parse(request.params);
      return describe(await sessions.get(id));
    });

    app.put('/sessions/:id/name', async (request) => {
      const { id } = idParams.parse(request.params);
      return renameSession(folderOf(root, id), nameBody.parse(request.body).name);
    });

    app.delete('/sessions/:id', async (request, reply) => {
      const { id } = idParams.parse(request.params);
      const { confirm } = z.object({ confirm: z.string().optional() }).parse(request.query);
      if (confirm !== id) return reply.code(409).send({ problem: `to delete ${id}, say so: ?confirm=${id}` });
      sessions.forget(id);
      return { trashId: trashSession(root, id) };
    });

    app.get('/trash', async () => listTrash(root));

    app.post('/trash/:trashId/restore', async (request) => {
      const { trashId } = z.object({ trashId: z.string() }).parse(request.params);
      return { id: restoreSession(root, trashId) };
    });

    app.get('/sessions/:id/rows', async (request) => {
      const { id } = idParams.parse(request.params);
      const { from, to = from + MAX_ROWS } = rowsQuery.parse(request.query);
      return [...(await sessions.get(id)).rows(from, Math.min(to, from + MAX_ROWS))];
    });

    app.get('/sessions/:id/find', async (request) => {
      const { id } = idParams.parse(request.params);
      const wanted = findQuery.parse(request.query);
      const { index } = await sessions.get(id);
      const entry = 'ms' in wanted ? index.byTime(wanted.ms) : index.byPlace(wanted);
      if (!entry) throw new SessionError(`${id} has no frame there`);
      return { sequence: entry.sequence };
    });

    app.get('/sessions/:id/frames/:sequence', async (request) => {
      const { id, sequence } = frameParams.parse(request.params);
      const row = (await sessions.get(id)).row(sequence);
      if (!row) throw new SessionError(`${id} has no frame ${sequence}`);
      return row;
    });

    app.get('/sessions/:id/frames/:sequence/:which', async (request, reply) => {
      const { id, sequence, which } = pixelParams.parse(request.params);
      const query = pixelQuery.parse(request.query);
      const session = await sessions.get(id);
      const read = await session.planeOf(sequence, which);
      if (!read) throw new SessionError(`${id} has no ${which} pixels of frame ${sequence}`);
      const prediction = which === 'enhanced' ? session.row(sequence)?.prediction : undefined;
      if (prediction) reply.header('x-predicted-by', `${prediction.modelId} ${prediction.modelVersion}`);
      // A stored plane never changes.
      reply.header('cache-control', 'private, max-age=86400, immutable');
      return sendPixels(reply, read, query);
    });

    app.get('/sessions/:id/summary', async (request) => {
      const { id } = idParams.parse(request.params);
      return (await sessions.get(id)).summaries();
    });

    for (const [path, file] of [
      ['certificate', CERTIFICATE_PAGE],
      ['certificate.json', CERTIFICATE_FILE],
    ] as const) {
      app.get(`/sessions/:id/${path}`, async (request, reply) => {
        const { id } = idParams.parse(request.params);
        const folder = folderOf(root, id);
        if (!existsSync(join(folder, file))) throw new SessionError(`${id} is not certified: it was not closed yet`);
        return reply.sendFile(file, folder, { cacheControl: false });
      });
    }

    app.get('/sessions/:id/notes', async (request) => readNotes(folderOf(root, idParams.parse(request.params).id)));

    app.post('/sessions/:id/notes', async (request) => {
      const { id } = idParams.parse(request.params);
      return tell(id, addNote(folderOf(root, id), noteBody.parse(request.body)));
    });

    app.put('/sessions/:id/notes/:note', async (request) => {
      const { id, note } = noteParams.parse(request.params);
      const { text, author } = noteBody.parse(request.body);
      return tell(id, changeNote(folderOf(root, id), note, text, author));
    });

    app.delete('/sessions/:id/notes/:note', async (request) => {
      const { id, note } = noteParams.parse(request.params);
      return tell(id, removeNote(folderOf(root, id), note));
    });

    app.post('/sessions/:id/exports', async (request, reply) => {
      const { id } = idParams.parse(request.params);
      const job = exports.add(id, folderOf(root, id), exportBody.parse(request.body));
      return reply.code(202).send(job);
    });

    app.get('/sessions/:id/exports', async (request) => exports.list(idParams.parse(request.params).id));

    app.get('/sessions/:id/exports/:job', async (request) => {
      const { id, job } = jobParams.parse(request.params);
      return exports.get(id, job);
    });

    app.delete('/sessions/:id/exports/:job', async (request) => {
      const { id, job } = jobParams.parse(request.params);
      await exports.remove(id, job);
      return {};
    });

    app.get(`/sessions/:id/exports/:job/${EXPORT_ARCHIVE}`, async (request, reply) => {
      const { id, job } = jobParams.parse(request.params);
      const { folder, names } = exports.filesOf(id, job);
      const { stream, sizeBytes } = await archiveOf(folder, names);
      return reply
        .header('content-disposition', `attachment; filename="${id}.zip"`)
        .header('content-length', sizeBytes)
        .type('application/zip')
        .send(stream);
    });

    app.get('/sessions/:id/exports/:job/:file', async (request, reply) => {
      const { id, job, file } = jobParams.extend({ file: z.string() }).parse(request.params);
      const { folder, name } = exports.fileOf(id, job, file);
      return reply.header('content-disposition', `attachment; filename="${name}"`).sendFile(name, folder);
    });

    app.get('/sessions/:id/zarr/*', async (request, reply) => {
      const { id, '*': path } = z.object({ id: z.string(), '*': z.string() }).parse(request.params);
      // sendFile refuses paths that leave the store, and knows ranges and HEAD.
      return reply.sendFile(path, join(folderOf(root, id), IMAGES_FOLDER), { cacheControl: false });
    });
  };
}

/** What a review page needs before it asks for pixels. */
function describe(session: RecordedSession) {
  const { id, acquisition, events, frameCount, isLive, folder, recoveryFault } = session;
  const constants = { ...session.constants, acquisition };
  const images = session.images.map((name) => {
    const { sizeX, sizeY, samplesPerPixel, pixelType, intensityScale, magnification } = session.image(name)!;
    return { name, sizeX, sizeY, samplesPerPixel, pixelType, intensityScale, magnification };
  });
  const summary = summaryOf(dirname(folder), id);
  return { isLive, frameCount, constants, images, events, recoveryFault, ...readNotes(folder), ...summary };
}

async function sendPixels(reply: FastifyReply, read: ReadPlane, query: PixelQuery): Promise<FastifyReply> {
  const { plane: whole, intensityScale, magnification, index } = read;
  const { x = 0, y = 0, width = whole.sizeX, height = whole.sizeY } = query;
  const plane = reduce(crop(whole, { x, y, width, height }), query.reduce);
  reply.headers({
    'x-size-x': plane.sizeX,
    'x-size-y': plane.sizeY,
    'x-samples-per-pixel': plane.samplesPerPixel,
    'x-pixel-type': plane.pixelType,
    'x-intensity-scale': intensityScale,
    'x-magnification': magnification,
    'x-index': `${index.t},${index.c},${index.z}`,
  });
  if (query.format === 'pixels') return reply.type('application/octet-stream').send(Buffer.from(bytesOf(plane)));
  const { low, high, maxSide, format } = query;
  // The window is in raw intensities, as everywhere that people see numbers.
  const window =
    low !== undefined && high !== undefined ? ([low / intensityScale, high / intensityScale] as const) : undefined;
  const picture = await encodePicture(plane, { format, ...(window && { window }), ...(maxSide && { maxSide }) });
  return reply.type(`image/${format}`).send(picture);
}

/** Our own errors name a session, a frame or a note that is not there; a request that does not fit its route is named too. */
function refuse(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof z.ZodError) return reply.code(400).send({ problem: z.prettifyError(error) });
  if (isScopestreamError(error, 'session')) return reply.code(404).send({ problem: messageOf(error) });
  const { statusCode = 500 } = error as { statusCode?: number };
  return reply.code(statusCode).send({ problem: messageOf(error) });
}
