/** `scopestream bench`: all figures side by side in one run, on this machine, now. */

import { DEFAULT_MODEL } from '../../models/enhancer/settings.ts';
import { cells } from '../bench/cells.ts';
import { renderFrames, VIDEO_FIELD } from '../bench/frames.ts';
import { ingest } from '../bench/ingest.ts';
import { bareInference, endToEnd, memoryAfter } from '../bench/live.ts';
import { recordingRates } from '../bench/record.ts';
import { asTable, type Figure, machine } from '../bench/table.ts';
import { benchViewer, benchViewerMemory } from './benchViewer.ts';

export interface BenchOptions {
  readonly model?: string;
  readonly viewer?: boolean;
  readonly viewerMemory?: number;
  readonly json?: boolean;
}

const INGEST_FRAMES = 2000;
/** frames/s that recording must keep up with, and for how many frames. */
const RECORD_RATE = 200;
const RECORD_FRAMES = 2000;
const MEMORY_FRAMES = 10_000;

export async function benchCommand(options: BenchOptions): Promise<number> {
  if (options.viewer) return benchViewer();
  if (options.viewerMemory) return benchViewerMemory(options.viewerMemory);
  const modelId = options.model ?? DEFAULT_MODEL;
  const figures: Figure[] = [];
  const add = (...more: Figure[]) => {
    figures.push(...more);
    if (!options.json) process.stdout.write(`${asTable(more)}\n`);
  };
  process.stdout.write(options.json ? '' : `${machine()}\n\n`);

  const frames = await renderFrames(VIDEO_FIELD);
  const bare = await bareInference(modelId);
  add(bare.figure);
  const steady = await endToEnd('live at 20 frames/s, 256x256', frames, {
    rate: 20,
    count: Infinity,
    policy: 'newest',
    modelId,
  });
  add(steady.figure);
  const fastest = await endToEnd('as fast as it goes, 256x256', frames, {
    rate: Infinity,
    count: Infinity,
    policy: 'every',
    modelId,
  });
  add(fastest.figure);
  add({
    what: 'service against the model alone',
    values: {
      'rate kept': percent(fastest.rate / (1000 / bare.medianMs)),
      'of two side by side': percent(fastest.rate / bare.sideBySide),
      'latency at 20 frames/s over model time': `${((steady.medianMs ?? NaN) / bare.medianMs).toFixed(2)}x`,
    },
  });
  add(...(await ingest(frames, INGEST_FRAMES)));
  add(...(await recordingRates(frames, RECORD_RATE, RECORD_FRAMES)));
  add(...(await cells(modelId)));
  add(await memoryAfter(frames, MEMORY_FRAMES));

  if (options.json) process.stdout.write(`${JSON.stringify({ machine: machine(), figures }, null, 2)}\n`);
  return 0;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
