/** The live path, measured from the source to a real viewer. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceClient } from '../../models/inferenceClient.ts';
import { testFrame, testRequest } from '../../models/executionProvider.ts';
import { loadRung, type Rung } from '../../models/enhancer/rungs.ts';
import { DEFAULT_SETTINGS } from '../../models/enhancer/settings.ts';
import { openRegistry } from '../../models/registry.ts';
import { percentilesOf } from '../../monitoring/secondWindow.ts';
import type { ArrivedFrame } from '../../pipeline/frame.ts';
import type { Policy } from '../../pipeline/flow.ts';
import { createService } from '../app.ts';
import { loadConfig } from '../config/load.ts';
import { SHIPPED_ZOO } from '../cli/models.ts';
import { memorySource, type Playing } from './frames.ts';
import { type Figure, ms, perSecond, processorMeter } from './table.ts';
import { startViewer } from './viewer.ts';

/** Not counted: compilers warm up, the ladder settles. */
const WARM_UP_MS = 2000;
const MEASURED_MS = 8000;

export interface BareInference {
  readonly modelId: string;
  /** Time of one frame of 256x256 in the inference process, ms. */
  readonly medianMs: number;
  /** Of two processes at once, frames/s. */
  readonly sideBySide: number;
  readonly figure: Figure;
}

/** The model alone, one frame after the other and in two processes side by side: what nothing around it can beat. */
export async function bareInference(modelId: string): Promise<BareInference> {
  const settings = { ...DEFAULT_SETTINGS, zooFolders: [SHIPPED_ZOO] };
  const entry = (await openRegistry(settings.zooFolders)).get(modelId);
  const clients = [new InferenceClient(settings), new InferenceClient(settings)];
  try {
    const rungs: Rung[] = [];
    for (const client of clients) rungs.push(await loadRung(client, entry, settings));
    const { p50, p95 } = percentilesOf(await timesOf(rungs[0]!)) as { p50: number; p95: number };
    const pairs = await Promise.all(rungs.map(timesOf));
    const sideBySide = pairs.flat().length / (MEASURED_MS / 1000);
    const values = {
      rate: perSecond(1000 / p50),
      median: ms(p50),
      p95: ms(p95),
      'side by side': perSecond(sideBySide),
    };
    return { modelId, medianMs: p50, sideBySide, figure: { what: `${modelId} alone, 256x256`, values } };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** Of one frame after the other, ms. */
async function timesOf({ client, key }: Rung): Promise<number[]> {
  const frame = testFrame();
  const times: number[] = [];
  const startedMs = performance.now();
  while (performance.now() - startedMs < MEASURED_MS) {
    times.push((await client.run(key, testRequest(frame), [frame])).ms);
  }
  return times;
}

/** The whole service with one viewer; rates and latencies as the viewer sees them. */
export async function endToEnd(
  what: string,
  frames: readonly ArrivedFrame[],
  playing: Playing & { readonly policy: Policy; readonly modelId: string },
): Promise<{ rate: number; medianMs?: number; figure: Figure }> {
  const { modelId, policy } = playing;
  const config = loadConfig({
    flags: { port: 0, logLevel: 'error', 'model.id': modelId, policy, 'viewers.maxRate': 240 },
  });
  const service = await createService(config, { createSource: () => memorySource(frames, playing) });
  const viewer = await startViewer(service.url);
  try {
    await sleep(WARM_UP_MS);
    await viewer.seen();
    const before = service.totals;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const processor = processorMeter();
    delay.enable();
    const startedMs = performance.now();
    await sleep(MEASURED_MS);
    const { frames: shown, latencyMs } = await viewer.seen();
    const seconds = (performance.now() - startedMs) / 1000;
    delay.disable();
    const { enhanced, superseded } = service.totals;
    const rate = (enhanced - before.enhanced) / seconds;
    const values = {
      enhanced: perSecond(rate),
      shown: perSecond(shown / seconds),
      superseded: String(superseded - before.superseded),
      'latency p50': ms(latencyMs?.p50),
      p95: ms(latencyMs?.p95),
      'main thread delay p99': ms(Math.max(0, delay.percentile(99) / 1e6 - 1)),
      processor: processor(),
      step: String(service.state.enhancer.step),
    };
    return { rate, medianMs: latencyMs?.p50, figure: { what, values } };
  } finally {
    await viewer.close();
    await service.close();
  }
}

/** Resident memory of the service's own process after few and after many frames, through the whole path. */
export async function memoryAfter(frames: readonly ArrivedFrame[], count: number): Promise<Figure> {
  const config = loadConfig({ flags: { port: 0, logLevel: 'error', 'model.id': 'bicubic', policy: 'newest' } });
  const service = await createService(config, { createSource: () => memorySource(frames, { rate: Infinity, count }) });
  const megabytes = () => `${Math.round(process.memoryUsage().rss / 1e6)} MB`;
  try {
    const early = Math.min(1000, count / 2);
    while (service.totals.arrived < early) await sleep(20);
    const atFirst = megabytes();
    await service.ended();
    return {
      what: `memory, ${count} frames`,
      values: { [`after ${early}`]: atFirst, [`after ${count}`]: megabytes() },
    };
  } finally {
    await service.close();
  }
}
