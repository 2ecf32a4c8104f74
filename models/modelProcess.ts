import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../pipeline/errors.ts';
import { startProcess } from '../pipeline/thread.ts';
import { createMessageReader, writeMessage, type Message } from './framing.ts';
import { PIPE_FD, type Reply, type Request } from './processMessages.ts';

/**
 * The service's end of a process that holds models: one request at a time, a watchdog on each, and a new process with the
 * same models after one was killed or fell.
 *
 * A process and not a worker thread, because a fault in native code ends every thread of a process, and a run that hangs
 * can only be stopped by SIGKILL. The price, measured on two busy cores (16-bit frame there, its x2 result back, least of
 * 40, process against thread): 1.1 against 0.2 ms for 256 x 256, 2.6 against 0.3 ms for 512 x 512, 9 against 0.6 ms for
 * 1024 x 1024.
 */

/** ms before the first new start; doubled after each one that did not lead to an answer. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A process that was told to end and does not is killed after this. */
const END_GRACE_MS = 2_000;
/** Of what the process writes to its error stream, the end is kept to explain its death. */
const STDERR_KEPT = 600;

export interface ProcessSettings {
  /** A load that takes longer is stopped; it may compile kernels. */
  readonly loadTimeoutMs: number;
  /** Told when the process dies and when it is back. Must not throw. */
  readonly onEvent?: (event: ProcessEvent) => void;
}

export interface ProcessEvent {
  readonly kind: 'died' | 'restarted';
  readonly message: string;
}

/** What a process is for. */
export interface ProcessKind {
  /** `the inference process` */
  readonly name: string;
  /** The module that calls `serveRequests`. */
  readonly entry: URL;
  /** The error that requests reject with. */
  readonly fault: (problem: string) => Error;
}

type Answer<Done> = Message<Extract<Reply<Done>, { ok: true }>>;

interface Pending<Done> {
  readonly id: number;
  resolve(answer: Answer<Done>): void;
  reject(error: Error): void;
}

interface Running {
  readonly child: ChildProcess;
  readonly pipe: Duplex;
  readonly ended: Promise<void>;
  stderr: string;
}

export interface Asked<Done> {
  readonly done: Done;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export class ModelProcess<Spec, Run, Done> {
  readonly #kind: ProcessKind;
  readonly #settings: ProcessSettings;
  /** What a new process must load again. */
  readonly #specs = new Map<string, Spec>();
  #running: Running | undefined;
  #state: 'ready' | 'restarting' | 'closed' = 'ready';
  #turn: Promise<unknown> = Promise.resolve();
  #asked = 0;
  #pending: Pending<Done> | undefined;
  #nextId = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #revival: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(kind: ProcessKind, settings: ProcessSettings) {
    this.#kind = kind;
    this.#settings = settings;
    this.#running = this.#spawn();
  }

  get state(): 'ready' | 'restarting' | 'closed' {
    return this.#state;
  }

  /** Somebody waits for an answer. */
  get isBusy(): boolean {
    return this.#asked > 0;
  }

  /** Of the process that works now. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Resolves when a process is there and has loaded everything, or the client is closed. */
  async ready(): Promise<void> {
    while (this.#state === 'restarting') await this.#revival;
  }

  /** Loads a method, in place of the one that has the key. Rejects as the kind of process says; the old one then stays. */
  async load(key: string, spec: Spec): Promise<void> {
    await this.#inTurn(() =>
      this.#ask({ id: this.#nextId++, op: 'load', key, spec }, [], this.#settings.loadTimeoutMs),
    );
    this.#specs.set(key, spec);
  }

  /** A new process will not load it: it is what broke the last one. */
  forget(key: string): void {
    this.#specs.delete(key);
  }

  /** Does something with what is loaded under the key; `parts` must not change before the answer is there. */
  async ask(key: string, run: Run, parts: readonly ArrayBufferView[], timeoutMs: number): Promise<Asked<Done>> {
    const { header, bytes } = await this.#inTurn(() =>
      this.#ask({ id: this.#nextId++, op: 'run', key, run }, parts, timeoutMs),
    );
    this.#pauseMs = FIRST_PAUSE_MS;
    return { done: header.done!, bytes };
  }

  /** Lets the requests that were made end, takes no more, then ends the process. */
  close(): Promise<void> {
    this.#closing.abort();
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    await this.#turn;
    await this.#revival;
    this.#state = 'closed';
    const running = this.#running;
    if (!running) return;
    running.pipe.end();
    const killer = setTimeout(() => running.child.kill('SIGKILL'), END_GRACE_MS);
    await running.ended;
    clearTimeout(killer);
  }

  /** One request after the other: the process would not look at the next one anyway, and the watchdog stays simple. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#kind.fault(`${this.#kind.name} is closed`));
    this.#asked += 1;
    const result = this.#turn.then(work).finally(() => (this.#asked -= 1));
    this.#turn = result.catch(() => {});
    return result;
  }

  async #ask(request: Request<Spec, Run>, parts: readonly ArrayBufferView[], timeoutMs: number): Promise<Answer<Done>> {
    const running = this.#running;
    if (this.#state !== 'ready' || !running) throw this.#kind.fault(`${this.#kind.name} is ${this.#state}`);
    return this.#askProcess(running, request, parts, timeoutMs);
  }

  #askProcess(
    running: Running,
    request: Request<Spec, Run>,
    parts: readonly ArrayBufferView[],
    timeoutMs: number,
  ): Promise<Answer<Done>> {
    return new Promise<Answer<Done>>((resolve, reject) => {
      const watchdog = setTimeout(() => {
        running.child.kill('SIGKILL');
        this.#died(running, `did not answer within ${timeoutMs} ms and was stopped`);
      }, timeoutMs);
      const settled = (): void => {
        clearTimeout(watchdog);
        this.#pending = undefined;
      };
      this.#pending = {
        id: request.id,
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      // A pipe that breaks is followed by the end of the process, which rejects.
      writeMessage(running.pipe, request, parts).catch(() => {});
    });
  }

  #spawn(): Running {
    const child = startProcess(this.#kind.entry, [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    });
    const pipe = child.stdio[PIPE_FD] as Duplex;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const running: Running = { child, pipe, ended, stderr: '' };
    child.stderr!.on('data', (text: Buffer) => {
      running.stderr = (running.stderr + text.toString()).slice(-STDERR_KEPT);
    });
    pipe.on(
      'data',
      createMessageReader<Reply<Done>>((message) => this.#answered(message)),
    );
    pipe.on('error', () => {}); // Told by `exit`.
    child.once('error', (error) => this.#died(running, messageOf(error)));
    child.once('exit', (code, signal) => this.#died(running, `ended with ${signal ?? `exit code ${code}`}`));
    return running;
  }

  #answered({ header, bytes }: Message<Reply<Done>>): void {
    if (this.#running) this.#running.stderr = ''; // Said before a good answer: no reason for a later death.
    if (this.#pending?.id !== header.id) return; // Given up before.
    if (header.ok) this.#pending.resolve({ header, bytes });
    else this.#pending.reject(this.#kind.fault(header.problem));
  }

  #died(running: Running, how: string): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    const said = running.stderr.trim().split('\n').slice(-2).join(' ');
    const message = `${this.#kind.name} ${how}${said ? `: ${said}` : ''}`;
    this.#pending?.reject(this.#kind.fault(message));
    if (this.#closing.signal.aborted) return;
    this.#settings.onEvent?.({ kind: 'died', message });
    if (this.#state !== 'ready') return; // Being revived already.
    this.#state = 'restarting';
    this.#revival = this.#revive();
  }

  async #revive(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#state === 'restarting') {
      const pauseMs = this.#pauseMs;
      this.#pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      await delay(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) this.#state = 'closed';
      else if (await this.#startAgain()) {
        this.#state = 'ready';
        this.#settings.onEvent?.({
          kind: 'restarted',
          message: `${this.#kind.name} started again after ${pauseMs} ms`,
        });
      }
    }
  }

  /** A new process with everything loaded, or false. */
  async #startAgain(): Promise<boolean> {
    const running = this.#spawn();
    this.#running = running;
    try {
      for (const [key, spec] of this.#specs) {
        const request = { id: this.#nextId++, op: 'load', key, spec } as const;
        await this.#inTurn(() => this.#askProcess(running, request, [], this.#settings.loadTimeoutMs));
      }
    } catch (error) {
      running.child.kill('SIGKILL');
      this.#died(running, `could not load its models again: ${messageOf(error)}`);
      await running.ended;
    }
    return this.#running === running;
  }
}
