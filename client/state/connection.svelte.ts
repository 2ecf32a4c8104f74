/**
 * The line to the service: what it says of itself, and the commands that it takes.
 */

import { io, type Socket } from 'socket.io-client';
import {
  PROTOCOL_VERSION,
  type CommandResult,
  type LiveFrameHeader,
  type LiveMark,
  type LiveStats,
  type Policy,
  type ServerToViewer,
  type ServiceState,
  type ViewerSettings,
  type ViewerToServer,
} from '../../server/protocol.ts';
import { serviceAddress } from './pageAddress.ts';

export type LinkState = 'connecting' | 'connected' | 'lost';

type Bytes = ArrayBuffer | Uint8Array;

export interface ConnectionEvents {
  readonly frame: (
    header: LiveFrameHeader,
    raw: Bytes,
    enhanced: Bytes | null,
    received: (heldMs?: number) => void,
  ) => void;
  readonly stats: (stats: LiveStats) => void;
  readonly marks: (marks: readonly LiveMark[]) => void;
  /** The service refused what this viewer asked for. */
  readonly refused: (problem: string) => void;
}

/** A large model may take this long to load. */
const COMMAND_TIMEOUT_MS = 30_000;

export class Connection {
  link = $state<LinkState>('connecting');
  /** Unix ms of the moment when the line dropped. */
  lostAtMs = $state(0);
  service = $state.raw<ServiceState>();
  /** The service speaks another protocol: the page must be loaded again. */
  outdated = $derived(this.service !== undefined && this.service.protocolVersion !== PROTOCOL_VERSION);

  readonly #socket: Socket<ServerToViewer, ViewerToServer>;
  readonly #events: ConnectionEvents;
  /** What this viewer asked for so far: said again after each reconnection. */
  #settings: ViewerSettings = {};

  constructor(events: ConnectionEvents) {
    this.#events = events;
    const { url, path, token } = serviceAddress(document.baseURI);
    this.#socket = io(url, {
      path,
      transports: ['websocket'],
      auth: { token },
      reconnectionDelay: 500,
      reconnectionDelayMax: 4000,
    });
    this.#socket.on('connect', () => {
      this.link = 'connected';
      this.#say(this.#settings);
    });
    this.#socket.on('disconnect', () => this.#lost());
    this.#socket.on('connect_error', () => this.#lost());
    this.#socket.on('state', (state) => (this.service = state));
    this.#socket.on('stats', events.stats);
    this.#socket.on('frame', events.frame);
    this.#socket.on('marks', events.marks);
  }

  /** Tells the service what this viewer wants from now on; absent fields stay as they were. */
  configure(settings: ViewerSettings): void {
    const changed = (Object.keys(settings) as (keyof ViewerSettings)[]).some(
      (key) => JSON.stringify(settings[key]) !== JSON.stringify(this.#settings[key]),
    );
    if (!changed) return;
    this.#settings = { ...this.#settings, ...settings };
    if (this.#socket.connected) this.#say(settings);
  }

  chooseModel = (modelId: string): Promise<CommandResult> =>
    this.#command((done) => this.#socket.emit('chooseModel', modelId, done));
  /** A package, or null for nobody. */
  chooseCells = (modelId: string | null): Promise<CommandResult> =>
    this.#command((done) => this.#socket.emit('chooseCells', modelId, done));
  choosePolicy = (policy: Policy): Promise<CommandResult> =>
    this.#command((done) => this.#socket.emit('choosePolicy', policy, done));
  startSource = (): Promise<CommandResult> => this.#command((done) => this.#socket.emit('startSource', done));
  stopSource = (): Promise<CommandResult> => this.#command((done) => this.#socket.emit('stopSource', done));
  record = (on: boolean): Promise<CommandResult> => this.#command((done) => this.#socket.emit('record', on, done));
  mark = (note: string): Promise<CommandResult> => this.#command((done) => this.#socket.emit('mark', note, done));

  close(): void {
    this.#socket.disconnect();
  }

  #say(settings: ViewerSettings): void {
    this.#socket.emit('settings', settings, (result) => {
      if (!result.ok) this.#events.refused(result.problem);
    });
  }

  #lost(): void {
    if (this.link !== 'lost') this.lostAtMs = Date.now();
    this.link = 'lost';
  }

  /** Always resolves: a command that cannot be sent or gets no answer is a result with a problem. */
  #command(send: (done: (result: CommandResult) => void) => void): Promise<CommandResult> {
    if (!this.#socket.connected) return Promise.resolve({ ok: false, problem: 'The service cannot be reached now.' });
    return new Promise((resolve) => {
      const giveUp = setTimeout(
        () => resolve({ ok: false, problem: 'The service did not answer within half a minute.' }),
        COMMAND_TIMEOUT_MS,
      );
      send((result) => {
        clearTimeout(giveUp);
        resolve(result);
      });
    });
  }
}
