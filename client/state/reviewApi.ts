/**
 * The recorded sessions over HTTP. A request that fails throws an Error with the service's own words.
 */

import type { ReviewDetails, ReviewNote, ReviewSecond, ReviewSession } from '../../server/protocol.ts';
import type { Cell, FrameMeta, Prediction, Quality, StageTimes } from '../../pipeline/frame.ts';
import type { Picture } from '../draw/picture.ts';

/** A row of a session's ledger, as far as the desk reads it. */
export interface ReviewRow {
  readonly sequence: number;
  readonly end: string;
  readonly because?: string;
  readonly name: string;
  readonly meta?: FrameMeta;
  readonly times: StageTimes;
  readonly endedMs: number;
  readonly prediction?: Prediction;
  readonly quality?: Quality;
  readonly cells?: readonly Cell[];
}

export type Which = 'raw' | 'enhanced';

export class ReviewApi {
  readonly #base: string;
  readonly #token: string | undefined;

  constructor(base: string, token: string | undefined) {
    this.#base = base;
    this.#token = token;
  }

  sessions = (): Promise<ReviewSession[]> => this.#json('GET', 'sessions');
  details = (id: string): Promise<ReviewDetails> => this.#json('GET', `sessions/${id}`);
  summary = (id: string): Promise<ReviewSecond[]> => this.#json('GET', `sessions/${id}/summary`);
  row = (id: string, sequence: number): Promise<ReviewRow> => this.#json('GET', `sessions/${id}/frames/${sequence}`);
  rename = (id: string, name: string): Promise<unknown> => this.#json('PUT', `sessions/${id}/name`, { name });
  remove = (id: string): Promise<{ trashId: string }> => this.#json('DELETE', `sessions/${id}?confirm=${id}`);
  restore = (trashId: string): Promise<unknown> => this.#json('POST', `trash/${trashId}/restore`, {});
  addNote = (id: string, note: { text: string; sequence?: number }): Promise<ReviewNote> =>
    this.#json('POST', `sessions/${id}/notes`, note);
  changeNote = (id: string, note: string, text: string): Promise<unknown> =>
    this.#json('PUT', `sessions/${id}/notes/${note}`, { text });
  removeNote = (id: string, note: string): Promise<unknown> => this.#json('DELETE', `sessions/${id}/notes/${note}`);

  /** Undefined when the session has no such pixels. */
  async picture(id: string, sequence: number, which: Which): Promise<Picture | undefined> {
    const response = await this.#fetch('GET', `sessions/${id}/frames/${sequence}/${which}`);
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
    return this.#address(`sessions/${id}/frames/${sequence}/${which}?format=jpeg&maxSide=${maxSide}`, true);
  }

  /** Address of the certificate's page. */
  certificate = (id: string): string => this.#address(`sessions/${id}/certificate`, true);

  /** The paragraph for the Methods section of a paper, from the certificate; undefined while there is none. */
  async methods(id: string): Promise<string | undefined> {
    const response = await this.#fetch('GET', `sessions/${id}/certificate`);
    if (!response.ok) return undefined;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const heading = [...page.querySelectorAll('h2')].find(({ textContent }) => textContent === 'Methods');
    return heading?.nextElementSibling?.textContent?.trim();
  }

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
