/** Really recorded sessions, and the service of the review pages over them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { fastify } from 'fastify';
import type { Acquisition, ClassifiedFrame } from '../../pipeline/frame.ts';
import { ledgerCells } from '../../pipeline/ledger.ts';
import { createRecorder } from '../../pipeline/record/recorder.ts';
import { reviewRoutes } from '../../server/review.ts';
import { acquisition, frame, row, totals } from '../pipeline/record/frames.ts';

export interface ReviewService {
  readonly url: string;
  /** Folder of the sessions. */
  readonly root: string;
  close(): Promise<void>;
}

export async function startReviewService(pageFolder: string): Promise<ReviewService> {
  const root = mkdtempSync(join(tmpdir(), 'scopestream-review-'));
  const app = fastify();
  await app.register(reviewRoutes(root), { prefix: '/api' });
  await app.register(fastifyStatic, { root: pageFolder });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const close = async (): Promise<void> => {
    await app.close();
    rmSync(root, { recursive: true, force: true });
  };
  return { url, root, close };
}

export interface SessionToRecord extends Partial<Acquisition> {
  readonly id: string;
  readonly name: string;
  readonly frames: number;
  readonly frame?: (sequence: number) => ClassifiedFrame;
  /** Kept in `session.json`: the model, the session that was played again. */
  readonly constants?: Record<string, unknown>;
}

export async function record(root: string, session: SessionToRecord): Promise<void> {
  const { frames, frame: make = (sequence) => frame(sequence), constants = {}, ...stated } = session;
  const recorder = createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 8, constants: () => constants });
  const recording = await recorder.open(acquisition(stated));
  let enhanced = 0;
  for (let sequence = 0; sequence < frames; sequence++) {
    const one = make(sequence);
    await recording.writeRaw(one);
    if (one.enhanced) {
      await recording.writeEnhanced(one);
      enhanced++;
    }
    recording.writeRow({ ...row(one, one.enhanced ? 'enhanced' : 'superseded'), ...ledgerCells(one) });
  }
  await recording.close(totals({ arrived: frames, recorded: frames, enhanced, superseded: frames - enhanced }));
}
