/** Exports that viewers asked for: one at a time, the others wait in turn. */

import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { messageOf, SessionError } from '../pipeline/errors.ts';
import { siblingModule, startThread } from '../pipeline/thread.ts';
import type { ExportOrder, ExportReport } from './exportThread.ts';
import type { ExportJob, ExportRequest } from './protocol.ts';

export const EXPORTS_FOLDER = 'exports';

/** Finished jobs that are remembered; their files stay on disk until the job is removed. */
const MAX_JOBS = 100;

export class ExportJobs {
  readonly #jobs = new Map<string, ExportJob & { readonly folder: string }>();
  readonly #threads = new Map<string, Worker>();
  #last: Promise<void> = Promise.resolve();

  /** Begins to export the session in `folder` (or waits for its turn). */
  add(session: string, folder: string, request: ExportRequest): ExportJob {
    const id = randomUUID();
    const out = join(folder, EXPORTS_FOLDER, id);
    this.#jobs.set(id, { id, session, request, folder: out, state: 'waiting', done: 0, of: 0, files: [] });
    this.#last = this.#last.then(() => this.#run(id, { folder, options: { ...request, out } }));
    if (this.#jobs.size > MAX_JOBS) this.#jobs.delete(this.#jobs.keys().next().value!);
    return this.get(session, id);
  }

  list(session: string): ExportJob[] {
    return [...this.#jobs.values()].filter((job) => job.session === session).map(withoutFolder);
  }

  /** Throws SessionError when there is no such job. */
  get(session: string, id: string): ExportJob {
    return withoutFolder(this.#find(session, id));
  }

  /** Path of a file that a job has written. Throws SessionError when it has not. */
  fileOf(session: string, id: string, name: string): { readonly folder: string; readonly name: string } {
    const { folder, files } = this.#find(session, id);
    if (!files.some((file) => file.name === name)) throw new SessionError(`the export ${id} has no file ${name}`);
    return { folder, name };
  }

  /** All that a job has written. Throws SessionError when that is nothing. */
  filesOf(session: string, id: string): { readonly folder: string; readonly names: readonly string[] } {
    const { folder, files } = this.#find(session, id);
    if (files.length === 0) throw new SessionError(`the export ${id} has no files`);
    return { folder, names: files.map(({ name }) => name) };
  }

  /** Stops a job, and removes its files. */
  async remove(session: string, id: string): Promise<void> {
    const { folder } = this.#find(session, id);
    this.#jobs.delete(id);
    await this.#stop(id);
    await rm(folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.#jobs.clear();
    await Promise.all([...this.#threads.keys()].map((id) => this.#stop(id)));
  }

  async #stop(id: string): Promise<void> {
    const thread = this.#threads.get(id);
    if (!thread) return;
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    thread.postMessage('stop');
    await ended;
  }

  #run(id: string, order: ExportOrder): Promise<void> {
    if (!this.#jobs.has(id)) return Promise.resolve();
    const thread = startThread(siblingModule(import.meta.url, './exportThread'), { workerData: order });
    this.#threads.set(id, thread);
    this.#change(id, { state: 'running' });
    return new Promise((resolve) => {
      thread.on('message', (report: ExportReport) => this.#hear(id, report));
      thread.on('error', (error) => this.#change(id, { state: 'failed', problem: messageOf(error) }));
      thread.on('exit', () => {
        this.#threads.delete(id);
        resolve();
      });
    });
  }

  #hear(id: string, report: ExportReport): void {
    switch (report.type) {
      case 'progress':
        return this.#change(id, { done: report.done, of: report.of });
      case 'done':
        return this.#change(id, {
          state: 'done',
          files: report.files.map((path) => ({ name: basename(path), sizeBytes: statSync(path).size })),
        });
      case 'failed':
        return this.#change(id, { state: 'failed', problem: report.problem });
    }
  }

  /** A job that was removed meanwhile stays removed. */
  #change(id: string, change: Partial<ExportJob>): void {
    const job = this.#jobs.get(id);
    if (job) this.#jobs.set(id, { ...job, ...change });
  }

  #find(session: string, id: string): ExportJob & { readonly folder: string } {
    const job = this.#jobs.get(id);
    if (job?.session !== session) throw new SessionError(`${session} has no export ${id}`);
    return job;
  }
}

function withoutFolder({ folder: _, ...job }: ExportJob & { readonly folder: string }): ExportJob {
  return job;
}
