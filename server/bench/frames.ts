/** Frames for benchmarks: rendered once by the simulated microscope, so that the simulation itself is not measured. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { ArrivedFrame, Payload, SourceEvent } from '../../pipeline/frame.ts';
import type { Source } from '../../pipeline/ports.ts';
import type { SimulatorSettings } from '../../pipeline/source/simulator/settings.ts';
import { createSimulator } from '../../pipeline/source/simulator/simulator.ts';

const DIFFERENT_FRAMES = 24;

/** Of 256x256 pixels, what the published work shows live. */
export const VIDEO_FIELD = { sizeX: 256, sizeY: 256 };

export async function renderFrames(
  field: Pick<SimulatorSettings, 'preset' | 'sizeX' | 'sizeY'>,
): Promise<ArrivedFrame[]> {
  const frames: ArrivedFrame[] = [];
  const simulator = createSimulator({ ...field, realTime: false, frames: DIFFERENT_FRAMES });
  for await (const event of simulator.events(new AbortController().signal)) {
    if (event.type === 'frame') frames.push(event);
  }
  return frames;
}

export interface Playing {
  /** frames/s; Infinity: as fast as they are taken. */
  readonly rate: number;
  /** Ends after so many. */
  readonly count: number;
}

/** Plays frames from memory, over and over. Each one has pixels of its own, as frames from an instrument have: what is kept shows. */
export function memorySource(frames: readonly ArrivedFrame[], { rate, count }: Playing): Source {
  return {
    kind: 'memory',
    name: `${frames.length} rendered frames`,
    async *events(signal): AsyncGenerator<SourceEvent> {
      let dueMs = performance.now();
      for (let number = 0; number < count && !signal.aborted; number++) {
        const waitMs = dueMs - performance.now();
        if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
        // A camera does not hurry after frames that it could not deliver.
        dueMs = Math.max(dueMs, performance.now()) + 1000 / rate;
        const frame = frames[number % frames.length] as ArrivedFrame;
        yield {
          ...frame,
          payload: copyOf(frame.payload),
          name: `memory#${number}`,
          arrivedMs: performance.timeOrigin + performance.now(),
          description: { ...frame.description, index: { t: number, c: 0, z: 0 } },
        };
      }
    },
  };
}

function copyOf(payload: Payload): Payload {
  if (payload.kind !== 'plane') return payload;
  return { kind: 'plane', plane: { ...payload.plane, data: payload.plane.data.slice() } };
}
