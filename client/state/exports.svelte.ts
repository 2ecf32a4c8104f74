/**
 * The exports of a session: asked for here, made by the service, watched until they are done.
 */

import { EXPORT_ARCHIVE, type ExportJob, type ExportRequest } from '../../server/protocol.ts';
import type { ReviewApi } from './reviewApi.ts';

const POLL_MS = 500;

export class Exports {
  jobs = $state.raw<readonly ExportJob[]>([]);
  /** Why an export could not be asked for or watched. */
  problem = $state<string>();
  readonly #api: ReviewApi;
  readonly #session: string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: ReviewApi, session: string) {
    this.#api = api;
    this.#session = session;
  }

  /** Also finds those that were asked for before, or by another page. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#try(async () => {
      this.jobs = await this.#api.exports(this.#session);
    });
    if (this.jobs.some(isUnfinished)) this.#timer = setTimeout(() => void this.refresh(), POLL_MS);
  }

  start(request: ExportRequest): Promise<void> {
    return this.#then(() => this.#api.addExport(this.#session, request));
  }

  /** Stops it if it is not done, and removes its files. */
  remove(job: string): Promise<void> {
    return this.#then(() => this.#api.removeExport(this.#session, job));
  }

  addressOf(job: string, file: string): string {
    return this.#api.exportedFile(this.#session, job, file);
  }

  /** Of all its files in one. */
  archiveOf(job: string): string {
    return this.#api.exportedFile(this.#session, job, EXPORT_ARCHIVE);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #then(act: () => Promise<unknown>): Promise<void> {
    if (await this.#try(act)) await this.refresh();
  }

  async #try(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      this.problem = undefined;
      return true;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      return false;
    }
  }
}

export function isUnfinished({ state }: ExportJob): boolean {
  return state === 'waiting' || state === 'running';
}
