/** `scopestream bench --viewer` and `--viewer-memory MINUTES`: what viewers cost the service, and what the page costs and holds. */

import { renderFrames, VIDEO_FIELD } from '../bench/frames.ts';
import { pageMemory } from '../bench/pageMemory.ts';
import { asTable, type Figure, machine } from '../bench/table.ts';
import { pageCost, serviceOfViewers } from '../bench/viewers.ts';

export async function benchViewer(): Promise<number> {
  const frames = await renderFrames(VIDEO_FIELD);
  const print = (figures: readonly Figure[]) => process.stdout.write(`${asTable(figures)}\n`);
  process.stdout.write(`${machine()}\n\n`);
  print(await serviceOfViewers(frames));
  print(await pageCost(frames));
  return 0;
}

export async function benchViewerMemory(minutes: number): Promise<number> {
  process.stdout.write(`${machine()}\n\n`);
  const figure = await pageMemory(minutes, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(`${asTable([figure])}\n`);
  return 0;
}
