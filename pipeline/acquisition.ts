/**
 * READ FIRST. The path a frame takes, from the instrument's door to the viewers and the disk:
 *
 *     source -> decode -> record raw -> normalise -> enhance -> assess -> classify -> record enhanced -> publish
 *               `------ lossless lane ------'        `------------ the lane through the model ------------'
 *
 * In the lossless lane every frame is kept, in order, and the source waits for the disk. In the lane through the model the
 * policy decides: `every` frame (the source waits for the model too), or the `newest` (what is passed over is counted).
 * A gate in front admits a frame only when one has ended, so memory is bounded whatever is slow.
 *
 * Every frame that was admitted ends exactly once, through `end`, in the ledger. A failing stage costs what `FAULT_COST` says.
 */

import { catchError, EMPTY, filter, lastValueFrom, map } from 'rxjs';
import { messageOf } from './errors.ts';
import { type Feed, Gate, lane, lossless, type Policy, pull } from './flow.ts';
import type {
  Acquisition,
  ArrivedFrame,
  ClassifiedFrame,
  EncodedFrame,
  EnhancedFrame,
  Frame,
  NormalisedFrame,
  SourceEvent,
} from './frame.ts';
import { type FrameEnd, Ledger, ledgerCells, type LedgerRow, type LedgerTotals } from './ledger.ts';
import { agreed, describeAcquisition, fits, metaOf, Placement, type StatedAcquisition, withChannel } from './place.ts';
import type { Assessor, Classifier, Decoded, Enhancer, Monitor, Publisher, Recorder, Recording } from './ports.ts';
import { runStage } from './stage.ts';

export interface AcquisitionPorts {
  readonly source: { readonly kind: string; readonly name: string };
  readonly decode: (frame: ArrivedFrame) => Promise<Decoded>;
  readonly recorder: Recorder;
  readonly enhancer: Enhancer;
  /** These two remember the frames of one acquisition, and are made when its first frame has been decoded. */
  readonly createNormaliser: (acquisition: Acquisition) => (frame: Frame) => NormalisedFrame;
  readonly createAssessor: (acquisition: Acquisition) => Assessor;
  /** Asked for each frame: cells may be switched on and off while frames flow. */
  readonly classifier: () => Classifier | undefined;
  readonly publisher: Publisher;
  readonly monitor: Monitor;
  /** Hears of the acquisition when its first frame has been decoded and its recording is open. */
  readonly opened: (acquisition: Acquisition, recording: Recording) => void;
}

export interface AcquisitionSettings {
  readonly policy: () => Policy;
  /** Frames admitted and not ended, at most: bounds memory. */
  readonly maxFramesInFlight: number;
  readonly stated?: StatedAcquisition;
}

export type FinishReason = 'exhausted' | 'stopped' | 'shape-changed' | 'record-failed';

export interface AcquisitionOutcome {
  readonly reason: FinishReason;
  readonly because?: string;
  readonly acquisition?: Acquisition;
  readonly totals: LedgerTotals;
}

/** A running acquisition. */
export interface RunningAcquisition {
  readonly totals: LedgerTotals;
  readonly acquisition: Acquisition | undefined;
  readonly finished: Promise<AcquisitionOutcome>;
}

/**
 * Runs one acquisition: until the feed is exhausted, `signal` aborts, a frame of another shape arrives (it is given back to
 * the feed, for the next session), or raw data cannot be kept. What was admitted is finished before `finished` resolves; it
 * rejects only when the source itself fails, after everything admitted has ended and the recording is closed.
 */
export function acquire(
  feed: Feed<SourceEvent>,
  ports: AcquisitionPorts,
  settings: AcquisitionSettings,
  signal: AbortSignal,
): RunningAcquisition {
  const { monitor, enhancer, publisher } = ports;
  const ledger = new Ledger();
  const gate = new Gate(settings.maxFramesInFlight);
  const placement = new Placement();
  const stopping = new AbortController();
  const carried: ArrivedFrame[] = [];
  /** What there was to write before the first picture opened the recording. */
  const early: ((recording: Recording) => void)[] = [];
  let waiting = 0;
  let acquisition: Acquisition | undefined;
  let opened: Opened | undefined;
  let sourceFault: { error: unknown } | undefined;
  let finish: { reason: FinishReason; because?: string } | undefined;

  /** The first reason stands, unless raw data could not be kept: that one must not be missed. */
  const stop = (reason: FinishReason, because?: string): void => {
    if (!finish || (reason === 'record-failed' && finish.reason !== reason)) finish = { reason, because };
    stopping.abort();
  };

  const write = (entry: (recording: Recording) => void): void => {
    if (opened) entry(opened.recording);
    else early.push(entry);
  };

  /** The one way out for a frame. */
  const end = (
    frame: EncodedFrame & Partial<ClassifiedFrame>,
    as: FrameEnd,
    recorded: boolean,
    because?: string,
  ): void => {
    const row: LedgerRow = {
      sequence: frame.sequence,
      end: as,
      because,
      name: frame.arrived.name,
      meta: frame.meta,
      recorded,
      times: frame.times ?? {},
      endedMs: Date.now(),
      prediction: frame.enhanced?.prediction,
      quality: frame.quality,
      ...ledgerCells(frame),
    };
    ledger.end(row);
    write((recording) => recording.writeRow(row));
    if (as === 'carried') carried.push(frame.arrived);
    else frame.arrived.settled?.();
    gate.leave();
    monitor.ended(row);
    monitor.inFlight(gate.inside, waiting);
  };

  const isKept = (): boolean => opened !== undefined && opened.recording.status.state !== 'off';

  /** Counts what never came, numbers what did. */
  const admit = (event: SourceEvent): EncodedFrame | undefined => {
    if (event.type === 'missing') {
      ledger.miss(event.count);
      write((recording) => recording.writeMissing?.(event));
      monitor.missing(event.count, event.reason);
      gate.leave();
      return undefined;
    }
    monitor.arrived();
    monitor.inFlight(gate.inside, waiting);
    return { sequence: ledger.arrive(), arrived: event };
  };

  const decode = async (frame: EncodedFrame): Promise<Passing<Frame> | undefined> => {
    if (finish?.reason === 'shape-changed') return void end(frame, 'carried', false);
    const { arrived, sequence } = frame;
    const decoded = await runStage('decode', { name: arrived.name, times: {} }, monitor, () => ports.decode(arrived));
    if (!decoded.ok) return void end({ ...frame, times: decoded.times }, 'corrupt', false, messageOf(decoded.error));
    const { plane, description } = decoded.value;
    if (acquisition && !fits(plane, acquisition)) {
      stop('shape-changed', `${arrived.name} is ${plane.sizeX}x${plane.sizeY} ${plane.pixelType}`);
      return void end(frame, 'carried', false);
    }
    const meta = metaOf(sequence, arrived, placement.place(description), description);
    acquisition ??= describeAcquisition(plane, description, ports.source, settings.stated);
    acquisition = withChannel(acquisition, meta.index.c, description);
    const known = agreed(description, acquisition, meta.index.c);
    return { ...frame, meta, raw: plane, description: known, times: decoded.times };
  };

  const recordRaw = async (frame: Passing<Frame>): Promise<Passing<Frame> | undefined> => {
    if (finish?.reason === 'record-failed') return void end(frame, 'unrecorded', false, finish.because);
    const recorded = await runStage('record', timed(frame), monitor, async () => {
      opened ??= await open(acquisition as Acquisition);
      await opened.recording.writeRaw(frame);
    });
    if (recorded.ok) return { ...frame, times: recorded.times };
    stop('record-failed', messageOf(recorded.error));
    return void end({ ...frame, times: recorded.times }, 'unrecorded', false, messageOf(recorded.error));
  };

  const open = async (described: Acquisition): Promise<Opened> => {
    const recording = await ports.recorder.open(described);
    early.splice(0).forEach((entry) => entry(recording));
    ports.opened(described, recording);
    return { recording, normalise: ports.createNormaliser(described), assessor: ports.createAssessor(described) };
  };

  /** Every kept frame is measured, whether or not it will be enhanced. */
  const normalise = async (frame: Passing<Frame>): Promise<Passing<NormalisedFrame> | undefined> => {
    const { normalise: normaliseFrame, assessor } = opened as Opened;
    const normalised = await runStage('normalise', timed(frame), monitor, () => {
      const known = { ...normaliseFrame(frame), gaussianSigma: assessor.gaussianSigma(frame) };
      assessor.observe(known);
      return known;
    });
    if (!normalised.ok) return void end(frame, 'unenhanced', isKept(), messageOf(normalised.error));
    waiting += 1;
    const arrived = settings.policy() === 'newest' ? settled(frame.arrived) : frame.arrived;
    return { ...frame, ...normalised.value, arrived, times: normalised.times };
  };

  const superseded = (frame: Passing<NormalisedFrame>): void => {
    waiting -= 1;
    end(frame, 'superseded', isKept(), 'a newer frame came before the model was free');
  };

  const enhance = async (frame: Passing<NormalisedFrame>): Promise<Passing<EnhancedFrame>> => {
    waiting -= 1;
    const enhanced = await runStage('enhance', timed(frame), monitor, () => enhancer.enhance(frame));
    return enhanced.ok
      ? { ...frame, enhanced: enhanced.value, times: enhanced.times }
      : { ...frame, enhanceFault: messageOf(enhanced.error), times: enhanced.times };
  };

  const deliver = async (frame: Passing<EnhancedFrame>): Promise<void> => {
    const { assessor, recording } = opened as Opened;
    let classified: Passing<ClassifiedFrame> = frame;

    const assessed = await runStage('assess', timed(classified), monitor, () => assessor.assess(frame));
    classified = { ...classified, quality: assessed.ok ? assessed.value : undefined, times: assessed.times };

    const classifier = ports.classifier();
    if (classifier) {
      const found = await runStage('classify', timed(classified), monitor, () => classifier.classify(classified));
      classified = { ...classified, ...(found.ok ? found.value : {}), times: found.times };
    }

    if (classified.enhanced) {
      const kept = await runStage('recordEnhanced', timed(classified), monitor, () =>
        recording.writeEnhanced(classified),
      );
      classified = { ...classified, times: kept.times };
      if (!kept.ok) stop('record-failed', messageOf(kept.error));
    }

    const shown = await runStage('publish', timed(classified), monitor, () => publisher.publish(classified));
    classified = { ...classified, times: shown.times };
    end(classified, frame.enhanced ? 'enhanced' : 'unenhanced', isKept(), frame.enhanceFault);
  };

  const path = pull(feed, gate, AbortSignal.any([signal, stopping.signal])).pipe(
    // A source that fails costs no frame that it has delivered: the path drains first.
    catchError((error: unknown) => {
      sourceFault = { error };
      return EMPTY;
    }),
    map(admit),
    filter(isPresent),
    lossless(decode),
    filter(isPresent),
    lossless(recordRaw),
    filter(isPresent),
    lossless(normalise),
    filter(isPresent),
    lane({ policy: settings.policy, work: enhance, deliver, superseded }),
  );

  const finished = async (): Promise<AcquisitionOutcome> => {
    try {
      await lastValueFrom(path, { defaultValue: undefined });
    } finally {
      feed.giveBack(carried);
      await opened?.recording.close(ledger.totals).catch((error: unknown) => stop('record-failed', messageOf(error)));
      await opened?.assessor.close();
    }
    if (sourceFault) throw sourceFault.error;
    const reason = finish ?? { reason: signal.aborted ? ('stopped' as const) : ('exhausted' as const) };
    return { ...reason, acquisition, totals: ledger.totals };
  };

  return {
    get totals() {
      return ledger.totals;
    },
    get acquisition() {
      return acquisition;
    },
    finished: finished(),
  };
}

/** What lives as long as the acquisition. */
interface Opened {
  readonly recording: Recording;
  readonly normalise: (frame: Frame) => NormalisedFrame;
  readonly assessor: Assessor;
}

/** A frame on the path keeps what it arrived as, so that it can end properly wherever it ends. */
type Passing<T> = T & EncodedFrame;

/** Its sender may send another one; the frame goes on without telling it again. */
function settled({ settled: tell, ...arrived }: ArrivedFrame): ArrivedFrame {
  tell?.();
  return arrived;
}

function timed(frame: Passing<Frame>): { name: string; times: Frame['times'] } {
  return { name: frame.meta.name, times: frame.times };
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
