/** Sends in a thread of its own, so that a sender does not share the service's event loop: real ones run elsewhere. */

import { parentPort, workerData } from 'node:worker_threads';
import type { Plane } from '../../pipeline/frame.ts';
import { send, type Target } from './senders.ts';

export interface SendOrder {
  readonly target: Target;
  readonly planes: readonly Plane[];
  readonly count: number;
}

const { target, planes, count } = workerData as SendOrder;
await send(target, planes, count);
parentPort?.postMessage('sent');
