/** What an operator should know now: calm, specific, with what to do. Nothing here when all is well. */

import type { SecondWindow } from '../monitoring/secondWindow.ts';
import type { Quality } from '../pipeline/frame.ts';
import type { EnhancerStatus, RecordingStatus } from '../pipeline/ports.ts';
import type { Warning } from './protocol.ts';
import type { SessionState } from './session.ts';

export interface WarningInputs {
  readonly session: SessionState;
  readonly because?: string;
  readonly enhancer: EnhancerStatus;
  readonly recording: RecordingStatus;
  readonly window: SecondWindow;
  readonly quality?: Quality;
  readonly eventLoopDelayMs: number;
}

/** Below this, an operator must act within the hour. */
const DISK_SOON_SECONDS = 3600;
const DISK_NOW_SECONDS = 300;
/** Share of pixels; above it intensities are wrong, not only clipped here and there. */
const SATURATED_SHARE = 0.001;
/** A main thread that stands still this long is felt by viewers. */
const DELAY_MS = 100;

type Rule = (inputs: WarningInputs) => Warning | undefined;

const RULES: readonly Rule[] = [
  ({ session, because }) =>
    session === 'failed'
      ? red(
          'session',
          `The session has ended: ${because ?? 'unknown reason'}`,
          'Put it right, then start the source again.',
        )
      : undefined,

  ({ session, because }) =>
    session === 'waiting' && because !== undefined
      ? amber('pace', because, 'The source waits meanwhile, nothing is lost. Send each shape to a service of its own.')
      : undefined,

  ({ recording: { state, warning } }) =>
    warning ? (state === 'failed' ? red : amber)('recorder', warning, 'What is recorded so far is intact.') : undefined,

  ({ recording: { secondsLeft } }) => {
    if (secondsLeft === undefined || secondsLeft > DISK_SOON_SECONDS) return undefined;
    const level = secondsLeft < DISK_NOW_SECONDS ? red : amber;
    return level(
      'disk',
      `The disk is full in ${Math.round(secondsLeft / 60)} min at this rate`,
      'Free space or stop recording.',
    );
  },

  ({ enhancer }) =>
    enhancer.state === 'restarting' || enhancer.state === 'failed'
      ? amber('model', `A model is not answering: ${enhancer.because}`, 'Raw frames are kept meanwhile.')
      : undefined,

  ({ enhancer: { step, steps, because } }) =>
    step > 0
      ? info(
          'ladder',
          `Enhanced by ${steps[step]} instead of ${steps[0]}: ${because}`,
          'A faster model or a lower rate brings it back.',
        )
      : undefined,

  ({ window }) => {
    const superseded = window.ended.superseded ?? 0;
    if (superseded === 0) return undefined;
    const slowest = window.slowestStage();
    return info(
      'superseded',
      `${superseded} of the last second's frames ${superseded === 1 ? 'was' : 'were'} not enhanced: the stage "${slowest?.stage ?? 'enhance'}" takes ${Math.round(slowest?.ms ?? 0)} ms`,
      'Every raw frame is kept. The policy "every" makes the source wait instead.',
    );
  },

  ({ window }) => {
    const [fault] = window.faults;
    return (
      fault &&
      amber('fault', `${fault[0]} failed in the last second (${fault[1].count}): ${fault[1].last}`, 'See the log.')
    );
  },

  ({ window: { missing } }) =>
    missing > 0
      ? amber('missing', `${missing} frames never arrived`, 'Look at the sender and its network.')
      : undefined,

  ({ quality }) => {
    const saturated = quality?.measured.saturated ?? 0;
    return saturated > SATURATED_SHARE
      ? amber(
          'saturated',
          `${(saturated * 100).toFixed(1)} % of raw pixels are saturated`,
          'Lower the gain or the light.',
        )
      : undefined;
  },

  ({ eventLoopDelayMs }) =>
    eventLoopDelayMs > DELAY_MS
      ? info(
          'delay',
          `The service stood still for ${Math.round(eventLoopDelayMs)} ms`,
          'Other programs may need this computer.',
        )
      : undefined,
];

export function warningsFor(inputs: WarningInputs): Warning[] {
  return RULES.map((rule) => rule(inputs)).filter((warning) => warning !== undefined);
}

function at(level: Warning['level']) {
  return (id: string, message: string, advice: string): Warning => ({ id, level, message, advice });
}
const info = at('info');
const amber = at('amber');
const red = at('red');
