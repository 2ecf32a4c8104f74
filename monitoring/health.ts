import type { EnhancerStatus, RecordingStatus } from '../pipeline/ports.ts';

export interface HealthInputs {
  readonly sessionState: 'waiting' | 'running' | 'finished' | 'failed';
  readonly enhancer: EnhancerStatus;
  readonly recording: RecordingStatus;
  /** Longest delay of the main thread in the last second, ms. */
  readonly eventLoopDelayMs: number;
}

/** `ok: false` asks an operator (or an orchestrator) to look; `problems` says at what. */
export interface Health {
  readonly ok: boolean;
  readonly problems: readonly string[];
}

/** Ready to take frames: the model answers and raw data can be kept. */
export function readiness({ enhancer, recording, sessionState }: HealthInputs): Health {
  const problems: string[] = [];
  if (enhancer.state === 'loading') problems.push(`the model ${enhancer.modelId} is still loading`);
  if (enhancer.state === 'failed') problems.push(`the model ${enhancer.modelId} has failed: ${enhancer.because}`);
  if (recording.state === 'failed') problems.push(recording.warning ?? 'the recording has failed');
  if (sessionState === 'failed') problems.push('the session has failed');
  return { ok: problems.length === 0, problems };
}

/** Alive: the main thread turns. A delay of more than this many ms means that sockets and clocks suffer. */
const STUCK_MS = 5000;

export function liveness({ eventLoopDelayMs }: Pick<HealthInputs, 'eventLoopDelayMs'>): Health {
  const stuck = eventLoopDelayMs > STUCK_MS;
  return { ok: !stuck, problems: stuck ? [`the main thread stood still for ${Math.round(eventLoopDelayMs)} ms`] : [] };
}
