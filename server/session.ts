/**
 * The service's run over its source: one acquisition after the other on the same feed, so that switching the recording on or
 * off, or a change of shape, ends one session between two frames and begins the next with the frame that follows.
 *
 *     stopped --start--> waiting --first frame--> running --source ends / stop--> finished
 *                                    |  ^                `--raw data cannot be kept--> failed
 *                                    `--' next session
 */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AcquisitionOutcome,
  type AcquisitionPorts,
  acquire,
  type RunningAcquisition,
} from '../pipeline/acquisition.ts';
import { messageOf, SessionError } from '../pipeline/errors.ts';
import { Feed, type Policy } from '../pipeline/flow.ts';
import type { Acquisition, SourceEvent } from '../pipeline/frame.ts';
import type { LedgerTotals } from '../pipeline/ledger.ts';
import type { StatedAcquisition } from '../pipeline/place.ts';
import type { Recorder, Recording, RecordingStatus, Source } from '../pipeline/ports.ts';
import { SessionPace } from './sessionPace.ts';

export type SessionState = 'waiting' | 'running' | 'finished' | 'failed';

/** Everything that outlives a session. */
export type LastingPorts = Omit<AcquisitionPorts, 'source' | 'recorder' | 'opened'>;

export interface SessionSettings {
  readonly createSource: () => Source;
  readonly lasting: LastingPorts;
  readonly recorder: Recorder;
  readonly nullRecorder: Recorder;
  readonly policy: Policy;
  readonly maxFramesInFlight: number;
  readonly stated: StatedAcquisition;
  readonly record: boolean;
  /** Something that viewers are told of has changed. */
  readonly changed: () => void;
  readonly opened: (acquisition: Acquisition) => void;
  readonly finished: (totals: LedgerTotals, because: string) => void;
}

const NOT_RECORDING: RecordingStatus = { state: 'off', rawFrames: 0, enhancedFrames: 0, bytesWritten: 0 };
const NOTHING_YET: LedgerTotals = {
  arrived: 0,
  missing: 0,
  recorded: 0,
  inFlight: 0,
  enhanced: 0,
  unenhanced: 0,
  superseded: 0,
  corrupt: 0,
  unrecorded: 0,
  carried: 0,
};

export class SessionRunner {
  readonly #settings: SessionSettings;
  /** Sum over the sessions that have ended. */
  #earlier = NOTHING_YET;
  /** True while the present session's account is not in that sum. */
  #isOpen = false;
  #policy: Policy;
  #wantsRecording: boolean;
  #state: SessionState = 'finished';
  #because: string | undefined;
  #source: Source | undefined;
  #running: RunningAcquisition | undefined;
  #recording: Recording | undefined;
  /** What is to be done when the present session has ended. */
  readonly #between: (() => Promise<void>)[] = [];
  #stopping = new AbortController();
  #nextSession = new AbortController();
  readonly #pace = new SessionPace();
  #run: Promise<void> = Promise.resolve();

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.#policy = settings.policy;
    this.#wantsRecording = settings.record;
  }

  get state(): SessionState {
    return this.#state;
  }

  get because(): string | undefined {
    return this.#because;
  }

  get source(): { kind: string; name: string; running: boolean } | undefined {
    return this.#source && { kind: this.#source.kind, name: this.#source.name, running: this.isRunning };
  }

  get isRunning(): boolean {
    return this.#state === 'waiting' || this.#state === 'running';
  }

  get acquisition(): Acquisition | undefined {
    return this.#running?.acquisition;
  }

  get policy(): Policy {
    return this.#policy;
  }

  get recording(): RecordingStatus {
    return this.#recording?.status ?? NOT_RECORDING;
  }

  /** The present session's account. */
  get totals(): LedgerTotals {
    return this.#running?.totals ?? NOTHING_YET;
  }

  /** The account of everything since the service started. */
  get allTotals(): LedgerTotals {
    return this.#isOpen ? add(this.#earlier, this.totals) : this.#earlier;
  }

  /** Opens the source and runs until it ends or `stop`. Throws SessionError when it runs already. */
  start(): void {
    if (this.isRunning) throw new SessionError('the source is running already');
    this.#stopping = new AbortController();
    this.#source = this.#settings.createSource();
    this.#recording = undefined;
    this.#enter('waiting');
    this.#run = this.#sessions(this.#source)
      .finally(() => this.#stopping.abort()) // A source that nobody reads any more gives its port or its folder back.
      .then(
        (because) => this.#enter('finished', because),
        (error: unknown) => this.#enter('failed', messageOf(error)),
      );
  }

  /** Stops the source, finishes what was admitted, closes the recording. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run;
  }

  /** Resolves when the source has ended by itself or was stopped. */
  async ended(): Promise<void> {
    await this.#run;
  }

  /** Viewers see the present state. */
  tellOfChange(): void {
    this.#settings.changed();
  }

  choosePolicy(policy: Policy): void {
    this.#policy = policy;
    this.#settings.changed();
  }

  /** Ends the present session between two frames and begins the next one, recorded or not. */
  record(on: boolean): void {
    if (on === this.#wantsRecording) return;
    this.#wantsRecording = on;
    this.#nextSession.abort();
    this.#settings.changed();
  }

  /**
   * Ends the present session between two frames, does `action`, and begins the next session. For what changes the shape of what
   * is recorded. The source waits meanwhile, and no frame is lost. Rejects as `action` does; the next session begins all the same.
   */
  async betweenSessions(action: () => Promise<void>): Promise<void> {
    if (!this.isRunning) return action();
    const done = new Promise<void>((resolve, reject) => {
      this.#between.push(() => action().then(resolve, reject));
    });
    this.#nextSession.abort();
    return done;
  }

  /** Resolves to why the source ended. */
  async #sessions(source: Source): Promise<string> {
    const feed = new Feed(source.events(this.#stopping.signal));
    try {
      return await this.#follow(source, feed);
    } finally {
      await this.#finishCarried(source, feed);
    }
  }

  /** One session after the other, until the source ends, is stopped, or raw data cannot be kept. */
  async #follow(source: Source, feed: Feed<SourceEvent>): Promise<string> {
    for (;;) {
      this.#nextSession = new AbortController();
      const { reason, because = reason } = await this.#acquire(
        source,
        feed,
        AbortSignal.any([this.#stopping.signal, this.#nextSession.signal]),
      );
      if (reason === 'record-failed') throw new SessionError(`raw data could not be kept: ${because}`);
      if (reason === 'exhausted' || this.#stopping.signal.aborted) return because;
      this.#recording = undefined;
      if (reason === 'shape-changed') await this.#keepPace(because);
      this.#enter('waiting');
    }
  }

  /** Frames that were handed on to a session that did not come, because the source was stopped or failed: they get theirs now. */
  async #finishCarried(source: Source, feed: Feed<SourceEvent>): Promise<void> {
    const carried = feed.takeReturned();
    if (!carried) return;
    let outcome: AcquisitionOutcome;
    do outcome = await this.#acquire(source, carried, new AbortController().signal);
    while (outcome.reason !== 'exhausted');
  }

  /** One session, and what was asked to be done after it. */
  async #acquire(source: Source, feed: Feed<SourceEvent>, signal: AbortSignal): Promise<AcquisitionOutcome> {
    const { lasting, maxFramesInFlight, stated, recorder, nullRecorder } = this.#settings;
    const ports: AcquisitionPorts = {
      ...lasting,
      source,
      recorder: this.#wantsRecording ? recorder : nullRecorder,
      opened: (acquisition, recording) => {
        this.#recording = recording;
        this.#settings.opened(acquisition);
        this.#enter('running');
      },
    };
    this.#isOpen = true;
    this.#running = acquire(feed, ports, { policy: () => this.#policy, maxFramesInFlight, stated }, signal);
    const outcome = await this.#running.finished.finally(async () => {
      this.#earlier = this.allTotals;
      this.#isOpen = false;
      await this.#actBetween();
    });
    this.#settings.finished(outcome.totals, outcome.because ?? outcome.reason);
    return outcome;
  }

  async #actBetween(): Promise<void> {
    for (let act = this.#between.shift(); act; act = this.#between.shift()) await act();
  }

  /** Holds the source when its frames change their shape again and again; until then, or until somebody asks for something. */
  async #keepPace(because: string): Promise<void> {
    const waitMs = this.#pace.waitMs(performance.now());
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    this.#enter('waiting', `frames change their shape too often (${because}): the next session begins in ${seconds} s`);
    const signal = AbortSignal.any([this.#stopping.signal, this.#nextSession.signal]);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    await this.#actBetween();
  }

  #enter(state: SessionState, because?: string): void {
    this.#state = state;
    this.#because = because;
    this.#settings.changed();
  }
}

function add(a: LedgerTotals, b: LedgerTotals): LedgerTotals {
  const sum = Object.entries(a).map(([key, count]) => [key, count + b[key as keyof LedgerTotals]]);
  return Object.fromEntries(sum) as unknown as LedgerTotals;
}
