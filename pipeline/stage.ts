/** Name, time and blame one piece of work on a frame. */

import type { StageTimes } from './frame.ts';
import type { Monitor, StageName } from './ports.ts';

/** What a failing stage costs. Measurements come first: only they may end a session. */
export const FAULT_COST: Readonly<
  Record<StageName, 'session' | 'frame' | 'enhancement' | 'quality' | 'cells' | 'view'>
> = {
  decode: 'frame',
  record: 'session',
  normalise: 'enhancement',
  enhance: 'enhancement',
  assess: 'quality',
  classify: 'cells',
  recordEnhanced: 'session',
  publish: 'view',
};

export type StageResult<T> =
  | { readonly ok: true; readonly value: T; readonly times: StageTimes }
  | { readonly ok: false; readonly error: unknown; readonly times: StageTimes };

/** Runs `work`; never rejects. The monitor hears of the duration or the fault, with the frame's name. */
export async function runStage<T>(
  stage: StageName,
  frame: { readonly name: string; readonly times: StageTimes },
  monitor: Monitor,
  work: () => Promise<T> | T,
): Promise<StageResult<T>> {
  const startedMs = performance.now();
  const times = () => ({ ...frame.times, [stage]: performance.now() - startedMs });
  try {
    const value = await work();
    const done = times();
    monitor.stageDone(stage, done[stage] as number);
    return { ok: true, value, times: done };
  } catch (error) {
    monitor.stageFailed(stage, frame.name, error);
    return { ok: false, error, times: times() };
  }
}
