/** `scopestream bench --viewer-memory MINUTES`: what a page in a real browser holds while it watches. */

import { pageMemory } from '../bench/pageMemory.ts';
import { asTable, machine } from '../bench/table.ts';

export async function benchViewerMemory(minutes: number): Promise<number> {
  process.stdout.write(`${machine()}\n\n`);
  const figure = await pageMemory(minutes, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(`${asTable([figure])}\n`);
  return 0;
}
