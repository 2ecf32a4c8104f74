/**
 * Stands for the acquisition program: run as a process of its own, writes numbered frames into a folder.
 *
 *     fileWriter.ts FOLDER COUNT RATE moved|plain|pieces
 *
 * RATE in files/s, 0 as fast as possible. `moved`: under another name first; `plain`: in one piece, in place; `pieces`: in
 * place, a few bytes at a time, the next file begun before the one before is finished.
 */

import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { coordinateTiff } from '../coordinateFrames.ts';

const [folder, countText, rateText, manner] = process.argv.slice(2) as [string, string, string, string];
const count = Number(countText);
const rate = Number(rateText);

async function writeOne(n: number): Promise<void> {
  const path = join(folder, `frame_${n}.tif`);
  const bytes = coordinateTiff(n);
  if (manner === 'moved') {
    await writeFile(`${path}.tmp`, bytes);
    await rename(`${path}.tmp`, path);
  } else if (manner === 'plain') {
    await writeFile(path, bytes);
  } else {
    for (let at = 0; at < bytes.length; at += 60) {
      await appendFile(path, bytes.subarray(at, at + 60));
      await sleep(3);
    }
  }
}

const startMs = performance.now();
let previous: Promise<void> = Promise.resolve();
for (let n = 0; n < count; n += 1) {
  if (rate > 0) await sleep(Math.max(0, startMs + (n * 1000) / rate - performance.now()));
  const writing = writeOne(n);
  await (manner === 'pieces' ? previous : writing);
  previous = writing;
}
await previous;
