/**
 * The recorded sessions over HTTP. A request that fails throws an Error with the service's own words.
 */

import type {
  ExportJob,
  ExportRequest,
  ReviewCertificate,
  ReviewDetails,
  ReviewNote,
  ReviewRow,
  ReviewSecond,
  ReviewSession,
} from '../../server/protocol.ts';
import type { FrameIndex } from '../../pipeline/frame.ts';
import type { Picture } from '../draw/picture.ts';

export type Which = 'raw' | 'enhanced';

/** An id comes from an address that somebody may have typed. */
const of = (id: string): string => `sessions/${encodeURIComponent(id)}`;

export class ReviewApi {
  readonly #base: string;
  readonly #token: string | undefined;

  constructor(base: string, token: string | undefined) {
    this.#base = base;
    this.#token = token;
  }

  sessions = (): Promise<ReviewSession[]> => this.#json('GET', 'sessions');
  details = (id: string): Promise<ReviewDetails> => this.#json('GET', of(id));
  summary = (id: string): Promise<ReviewSecond[]> => this.#json('GET', `${of(id)}/summary`);
  row = (id: string, sequence: number): Promise<ReviewRow> => this.#json('GET', `${of(id)}/frames/${sequence}`);
  rename = (id: string, name: string): Promise<unknown> => this.#json('PUT', `${of(id)}/name`, { name });
  remove = (id: string): Promise<{ trashId: string }> =>
    this.#json('DELETE', `${of(id)}?confirm=${encodeURIComponent(id)}`);
  restore = (trashId: string): Promise<unknown> => this.#json('POST', `trash/${trashId}/restore`, {});
  addNote = (id: string, note: { text: string; sequence?: number }): Promise<ReviewNote> =>
    this.#json('POST', `${of(id)}/notes`, note);
  changeNote = (id: string, note: string, text: string): Promise<unknown> =>
    this.#json('PUT', `${of(id)}/notes/${note}`, { text });
  removeNote = (id: string, note: string): Promise<unknown> => this.#json('DELETE', `${of(id)}/notes/${note}`);
  certificate = (id: string): Promise<ReviewCertificate> => this.#json('GET', `${of(id)}/certificate.json`);
  exports = (id: string): Promise<ExportJob[]> => this.#json('GET', `${of(id)}/exports`);
  addExport = (id: string, request: ExportRequest): Promise<ExportJob> =>
    this.#json('POST', `${of(id)}/exports`, request);
  removeExport = (id: string, job: string): Promise<unknown> => this.#json('DELETE', `${of(id)}/exports/${job}`);

  /** The frame at a place, or the last one at a time (Unix ms); undefined when there is none. */
  async find(id: string, wanted: FrameIndex | { readonly ms: number }): Promise<number | undefined> {
    const query = new URLSearchParams(Object.entries(wanted).map(([name, value]) => [name, String(value)]));
    const response = await this.#fetch('GET', `${of(id)}/find?${query}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw await problemOf(response);
    return ((await response.json()) as { sequence: number }).sequence;
  }

  /** Undefined when the session has no such pixels. */
  async picture(id: string, sequence: number, which: Which): Promise<Picture | undefined> {
    const response = await this.#fetch('GET', `${of(id)}/frames/${sequence}/${which}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw await problemOf(response);
    const number = (name: string): number => Number(response.headers.get(name));
    const type = response.headers.get('x-pixel-type');
    const bytes = await response.arrayBuffer();
    return {
      sizeX: number('x-size-x'),
      sizeY: number('x-size-y'),
      samplesPerPixel: number('x-samples-per-pixel') === 3 ? 3 : 1,
      data:
        type === 'uint8'
          ? new Uint8Array(bytes)
          : type === 'uint16'
            ? new Uint16Array(bytes)
            : Uint16Array.from(new Float32Array(bytes)),
      intensityScale: number('x-intensity-scale'),
      intensityOffset: 0,
      magnification: number('x-magnification'),
      exact: true,
    };
  }

  /** Address of a small picture for an `img`. */
  thumbnail(id: string, sequence: number, which: Which, maxSide: number): string {
    return this.#address(`${of(id)}/frames/${sequence}/${which}?format=jpeg&maxSide=${maxSide}`, true);
  }

  /** Address of a file that an export made. */
  exportedFile = (id: string, job: string, file: string): string =>
    this.#address(`${of(id)}/exports/${job}/${encodeURIComponent(file)}`, true);

  /** Address of the certificate's page. */
  certificatePage = (id: string): string => this.#address(`${of(id)}/certificate`, true);

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, path, body);
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as T;
  }

  #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.#address(path, false), {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Images and links cannot send a header, so they carry the token in their address. */
  #address(path: string, withToken: boolean): string {
    const url = new URL(`api/${path}`, this.#base);
    if (withToken && this.#token) url.searchParams.set('token', this.#token);
    return url.href;
  }
}

async function problemOf(response: Response): Promise<Error> {
  const answer = (await response.json().catch(() => ({}))) as { problem?: string };
  return new Error(answer.problem ?? `the service answered ${response.status}`);
}
