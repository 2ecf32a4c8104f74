/** What the service tells its viewers of itself. */

import type { LadderEnhancer } from '../models/enhancer/enhancer.ts';
import type { ModelEntry } from '../models/registry.ts';
import type { PathMonitor } from '../monitoring/monitor.ts';
import type { Quality } from '../pipeline/frame.ts';
import type { CellsSwitch } from './cells.ts';
import { SOFTWARE_VERSION } from './packageRoot.ts';
import { type CellCounts, type LiveStats, type ModelChoice, PROTOCOL_VERSION, type ServiceState } from './protocol.ts';
import type { SessionRunner } from './session.ts';
import { warningsFor } from './warnings.ts';

export function stateOf(
  session: SessionRunner,
  enhancer: LadderEnhancer,
  cells: CellsSwitch,
  sourceKind: string,
): ServiceState {
  const { acquisition, state, because } = session;
  return {
    protocolVersion: PROTOCOL_VERSION,
    softwareVersion: SOFTWARE_VERSION,
    session: acquisition && { id: acquisition.id, acquisition, state, because },
    source: session.source ?? { kind: sourceKind, name: '', running: false },
    policy: session.policy,
    models: enhancer.registry.models.map(choiceOf),
    enhancer: enhancer.status,
    recording: session.recording,
    cells: cells.state,
    mayControl: true,
  };
}

function choiceOf(model: ModelEntry): ModelChoice {
  const { id, name, version, magnification, samplesPerPixel, license, displayOnly, description } = model;
  return { id, name, version, magnification, samplesPerPixel, license, displayOnly, description };
}

export interface Momentary {
  readonly maxFramesInFlight: number;
  readonly viewers: number;
  readonly eventLoopDelayMs: number;
  readonly quality?: Quality;
  readonly cells?: CellCounts;
}

/** The last second; the caller resets the monitor's window afterwards. */
export function statsOf(
  session: SessionRunner,
  enhancer: LadderEnhancer,
  { window, framesInFlight, framesWaiting }: PathMonitor,
  { maxFramesInFlight, viewers, eventLoopDelayMs, quality, cells }: Momentary,
): LiveStats {
  const { state, because, recording, totals } = session;
  const { status } = enhancer;
  return {
    atMs: Date.now(),
    rateIn: window.arrived,
    rateRecorded: window.recorded,
    rateEnhanced: window.ended.enhanced ?? 0,
    latencyMs: window.latencyMs(),
    stageMs: window.stageMs(),
    inFlight: framesInFlight,
    maxFramesInFlight,
    waitingForModel: framesWaiting,
    totals,
    superseded: window.ended.superseded ?? 0,
    unmeasured: window.unmeasured,
    cells: cells && { ...cells, looks: window.looks, passedOver: window.passedOver },
    enhancer: status,
    recording,
    viewers,
    eventLoopDelayMs,
    warnings: warningsFor({ session: state, because, enhancer: status, recording, window, quality, eventLoopDelayMs }),
  };
}
