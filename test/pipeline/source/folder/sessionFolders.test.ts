import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countPages } from '../../../../pipeline/decode/registry.ts';
import { createFolderSource } from '../../../../pipeline/source/folder/folder.ts';
import { framesOf, numberOfFrame, takeUntil, writeCoordinateTiff } from '../coordinateFrames.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

/** No second listing happens in a test: what is found is found by the watching of session folders. */
const NO_LISTING = 60_000;

let root: string;
let away: string;
let stop: AbortController;

beforeEach(async () => {
  root = temporaryFolder('sessions');
  away = temporaryFolder('away');
  stop = new AbortController();
  await expect.poll(watchers).toEqual([]);
});
afterEach(async () => {
  stop.abort();
  await expect.poll(watchers).toEqual([]);
});

/** Watches of the file system that are open in this process, by kind. */
function watchers(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /FSEvent|StatWatcher/.test(kind));
}

/** A folder with frames `first` .. `first + 2`, made elsewhere. */
function sessionElsewhere(name: string, first: number): string {
  const path = join(away, name);
  mkdirSync(path);
  for (const n of [first, first + 1, first + 2]) writeCoordinateTiff(join(path, `frame_${n}.tif`), n);
  return path;
}

describe.each([
  { mode: 'with events', polling: false, whileCold: ['FSEventWrap', 'FSEventWrap'], whileHot: ['FSEventWrap'] },
  { mode: 'by polling', polling: true, whileCold: ['StatWatcher'], whileHot: [] },
])('session folders $mode', ({ polling, whileCold, whileHot }) => {
  async function watching(listEveryMs: number, path = root) {
    const source = createFolderSource({ path, countPages, recursive: true, polling, listEveryMs, settleMs: 50 });
    const events = source.events(stop.signal)[Symbol.asyncIterator]();
    let first: ReturnType<typeof events.next> | undefined = events.next();
    const next = () => {
      const event = first ?? events.next();
      first = undefined;
      return event;
    };
    await expect.poll(() => watchers().length).toBeGreaterThanOrEqual(polling ? 1 : 2);
    await sleep(100);
    return async (count: number): Promise<number[]> =>
      Promise.all(framesOf(await takeUntil({ next }, ({ length }) => length === count)).map(numberOfFrame));
  }

  it('finds a folder that comes with its files, without a listing', async () => {
    const numbers = await watching(NO_LISTING);
    renameSync(sessionElsewhere('session_1', 0), join(root, 'session_1'));
    expect(await numbers(3)).toEqual([0, 1, 2]);
    renameSync(sessionElsewhere('session_2', 3), join(root, 'session_2'));
    expect(await numbers(3)).toEqual([3, 4, 5]);
  });

  it('brings each file once that is copied into a new folder, and into one below it', async () => {
    const numbers = await watching(50);
    cpSync(sessionElsewhere('session_1', 0), join(root, 'session_1'), { recursive: true });
    cpSync(sessionElsewhere('session_2', 3), join(root, 'session_1', 'pos_0'), { recursive: true });
    expect((await numbers(6)).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    await sleep(200);
    writeCoordinateTiff(join(root, 'session_1', 'last.tif'), 6);
    expect(await numbers(1)).toEqual([6]);
  });

  it('forgets a folder that goes: another one of the same name brings its files', async () => {
    const numbers = await watching(NO_LISTING);
    renameSync(sessionElsewhere('session', 0), join(root, 'session'));
    expect(await numbers(3)).toEqual([0, 1, 2]);
    rmSync(join(root, 'session'), { recursive: true });
    await sleep(400);
    renameSync(sessionElsewhere('session', 0), join(root, 'session'));
    expect(await numbers(3)).toEqual([0, 1, 2]);
  });

  it('leaves folders alone that were there before', async () => {
    renameSync(sessionElsewhere('old', 0), join(root, 'old'));
    const numbers = await watching(NO_LISTING);
    renameSync(sessionElsewhere('new', 3), join(root, 'new'));
    expect(await numbers(3)).toEqual([3, 4, 5]);
  });

  it('follows a root that is a link to a folder, and none below it', async () => {
    const link = join(away, 'link');
    symlinkSync(root, link);
    const numbers = await watching(NO_LISTING, link);
    symlinkSync(sessionElsewhere('linked', 3), join(root, 'linked'));
    renameSync(sessionElsewhere('session', 0), join(root, 'session'));
    expect(await numbers(3)).toEqual([0, 1, 2]);
  });

  it('stops when images land in the root, which is listed as ever, and resumes when they are gone', async () => {
    const numbers = await watching(50);
    expect(watchers()).toEqual(whileCold);
    writeCoordinateTiff(join(root, 'a.tif'), 0);
    expect(await numbers(1)).toEqual([0]);
    await expect.poll(watchers).toEqual(whileHot);
    renameSync(sessionElsewhere('session', 1), join(root, 'session'));
    expect(await numbers(3)).toEqual([1, 2, 3]);
    rmSync(join(root, 'session'), { recursive: true });
    unlinkSync(join(root, 'a.tif'));
    await expect.poll(watchers).toEqual(whileCold);
  });

  it('ends whenever it is told to, also while it looks at the root for the first time', async () => {
    for (let n = 0; n < 20; n += 1) mkdirSync(join(root, `session_${n}`));
    for (const ms of [0, 2, 5, 10, 20, 40]) {
      const told = new AbortController();
      const source = createFolderSource({ path: root, countPages, recursive: true, polling });
      const first = source.events(told.signal)[Symbol.asyncIterator]().next();
      await sleep(ms);
      told.abort();
      expect(await first).toEqual({ done: true, value: undefined });
      await expect.poll(watchers).toEqual([]);
    }
  });
});

it('is not watched for session folders when it is crowded with other files', async () => {
  for (let n = 0; n < 65; n += 1) writeFileSync(join(root, `${n}.txt`), '');
  const source = createFolderSource({ path: root, countPages, recursive: true, polling: true, listEveryMs: 50 });
  const first = source.events(stop.signal)[Symbol.asyncIterator]().next();
  await sleep(200);
  expect(watchers()).toEqual([]);
  stop.abort();
  await first;
});
