import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countPages } from '../../../../pipeline/decode/registry.ts';
import { createFolderSource } from '../../../../pipeline/source/folder/folder.ts';
import { siblingModule, startProcess } from '../../../../pipeline/thread.ts';
import { framesOf, numberOfFrame, takeUntil } from '../coordinateFrames.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

let folder: string;
let stop: AbortController;
beforeEach(() => {
  folder = temporaryFolder('writer');
  stop = new AbortController();
});
afterEach(() => stop.abort());

/** Numbers of the frames in order of arrival, decoded on the way, while another process writes them. */
async function follow(count: number, rate: number, manner: string, pauseMs = 0): Promise<number[]> {
  const source = createFolderSource({ path: folder, countPages, existing: 'all' });
  const numbers: number[] = [];
  const writer = startProcess(siblingModule(import.meta.url, 'fileWriter'), [folder, `${count}`, `${rate}`, manner]);
  const ended = once(writer, 'exit');
  for await (const event of source.events(stop.signal)) {
    numbers.push(...(await Promise.all(framesOf([event]).map(numberOfFrame))));
    if (numbers.length === count) break;
    if (pauseMs > 0) await sleep(pauseMs);
  }
  await ended;
  return numbers;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

describe('folder source against another process', () => {
  it('loses none of many files that are moved into place, and keeps their order', async () => {
    expect(await follow(400, 0, 'moved')).toEqual(upTo(400));
  });

  it('loses none that are written in place', async () => {
    expect(await follow(150, 200, 'plain')).toEqual(upTo(150));
  });

  it('takes files written slowly, in pieces and overlapping, once and whole', async () => {
    const numbers = await follow(60, 0, 'pieces');
    expect(numbers.sort((a, b) => a - b)).toEqual(upTo(60));
  });

  it('keeps files for a consumer that is slower than the writer', async () => {
    expect(await follow(100, 0, 'moved', 3)).toEqual(upTo(100));
  });

  it('reads nothing ahead of the consumer', async () => {
    let looked = 0;
    const counting = (path: string) => {
      looked += 1;
      return countPages(path);
    };
    const source = createFolderSource({ path: folder, countPages: counting, existing: 'all' });
    const writer = startProcess(siblingModule(import.meta.url, 'fileWriter'), [folder, '100', '0', 'moved']);
    await once(writer, 'exit');
    const events = source.events(stop.signal)[Symbol.asyncIterator]();
    await takeUntil(events, (taken) => taken.length === 5);
    await sleep(200);
    expect(looked).toBe(5);
  });
});
