import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countPages } from '../../../../pipeline/decode/registry.ts';
import type { ArrivedFrame, SourceEvent } from '../../../../pipeline/frame.ts';
import { createFolderSource, type FolderSourceOptions } from '../../../../pipeline/source/folder/folder.ts';
import { coordinateTiff, framesOf, numberOfFrame, takeUntil, writeCoordinateTiff } from '../coordinateFrames.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

let folder: string;
let away: string;
let stop: AbortController;
let notes: string[];

beforeEach(() => {
  folder = temporaryFolder('hot');
  away = temporaryFolder('away');
  stop = new AbortController();
  notes = [];
});
afterEach(() => stop.abort());

/** Watches, and waits until the watching has begun, so that what is written next is new. */
async function watching(options: Partial<FolderSourceOptions> = {}) {
  const source = createFolderSource({ path: folder, countPages, note: (message) => notes.push(message), ...options });
  const events = source.events(stop.signal)[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<SourceEvent>> | undefined = events.next();
  await sleep(100);
  /** The first event was asked for to start the watching; hand it out first. */
  const iterator: AsyncIterator<SourceEvent> = {
    next: () => {
      const next = first ?? events.next();
      first = undefined;
      return next;
    },
  };
  const frames = async (count: number): Promise<ArrivedFrame[]> =>
    framesOf(await takeUntil(iterator, (taken) => taken.length >= count));
  return { iterator, frames };
}

async function numbers(frames: readonly ArrivedFrame[]): Promise<number[]> {
  return Promise.all(frames.map(numberOfFrame));
}

/** As a careful program does: under another name first, then into place. */
function moveIn(name: string, n: number): void {
  const temporary = join(folder, `${name}.tmp`);
  writeCoordinateTiff(temporary, n);
  renameSync(temporary, join(folder, name));
}

const TIFF_BYTES = coordinateTiff(0).length;

describe('folder source: which files', () => {
  it('leaves files alone that were there before, by default', async () => {
    writeCoordinateTiff(join(folder, 'old_000.tif'), 0);
    const { frames } = await watching();
    moveIn('new_001.tif', 1);
    expect(await numbers(await frames(1))).toEqual([1]);
  });

  it('takes only the newest of them when asked', async () => {
    for (const n of [3, 1, 2]) {
      writeCoordinateTiff(join(folder, `old_${n}.tif`), n);
      await sleep(15);
    }
    const { frames } = await watching({ existing: 'newest' });
    moveIn('new.tif', 9);
    expect(await numbers(await frames(2))).toEqual([2, 9]);
  });

  it('takes all of them in natural order when asked, then the new ones', async () => {
    for (const n of [10, 2, 1]) writeCoordinateTiff(join(folder, `old_${n}.tif`), n);
    const { frames } = await watching({ existing: 'all' });
    moveIn('a_new_one.tif', 11);
    expect(await numbers(await frames(4))).toEqual([1, 2, 10, 11]);
  });

  it('passes over hidden, temporary and companion files, and mentions other kinds once', async () => {
    const { frames } = await watching();
    for (const name of [
      '.hidden.tif',
      '~frame.tif',
      'frame.tif.part',
      'metadata.txt',
      'a.csv',
      'b.csv',
      'noextension',
    ]) {
      writeFileSync(join(folder, name), coordinateTiff(7));
    }
    mkdirSync(join(folder, 'folder.tif'));
    moveIn('FRAME_1.TIF', 1);
    expect(await numbers(await frames(1))).toEqual([1]);
    await sleep(50);
    expect(notes.filter((note) => note.includes('*.csv'))).toHaveLength(1);
  });

  it('takes sub-folders, old and new, when asked', async () => {
    mkdirSync(join(folder, 'pos0'));
    const { frames } = await watching({ recursive: true, listEveryMs: 100 });
    writeCoordinateTiff(join(folder, 'pos0', 'a.tif'), 0);
    const [first] = await frames(1);
    expect(first!.name).toBe(join('pos0', 'a.tif'));
    mkdirSync(join(folder, 'pos1', 'deep'), { recursive: true });
    writeCoordinateTiff(join(folder, 'pos1', 'deep', 'a.tif'), 1);
    expect(await numbers(await frames(1))).toEqual([1]);
  });

  it('never writes to the folder', async () => {
    const { frames } = await watching();
    moveIn('a.tif', 1);
    await frames(1);
    expect(readdirSync(folder)).toEqual(['a.tif']);
    expect(statSync(join(folder, 'a.tif')).size).toBe(TIFF_BYTES);
  });

  it('refuses a folder that is not there, by name', async () => {
    rmSync(folder, { recursive: true });
    const events = createFolderSource({ path: folder, countPages }).events(stop.signal)[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toThrow(folder);
  });
});

describe('folder source: when a file is complete', () => {
  it('at once when it is moved into place', async () => {
    const { frames } = await watching({ settleMs: 60_000 });
    moveIn('a.tif', 1);
    const [frame] = await frames(1);
    expect(frame!.completedBy).toBe('rename');
    expect(await numberOfFrame(frame!)).toBe(1);
  });

  it('when it came from another folder', async () => {
    const { frames } = await watching({ settleMs: 60_000 });
    writeCoordinateTiff(join(away, 'a.tif'), 1);
    await sleep(20);
    renameSync(join(away, 'a.tif'), join(folder, 'a.tif'));
    expect((await frames(1))[0]!.completedBy).toBe('rename');
  });

  it('when it is written in place and has settled', async () => {
    const { frames } = await watching();
    writeCoordinateTiff(join(folder, 'a.tif'), 1);
    const [frame] = await frames(1);
    expect(frame!.completedBy).toBe('size-stable');
    expect(await numberOfFrame(frame!)).toBe(1);
  });

  it('when its successor appears', async () => {
    const { frames } = await watching({ settleMs: 60_000 });
    writeCoordinateTiff(join(folder, 'a.tif'), 1);
    await sleep(50);
    writeCoordinateTiff(join(folder, 'b.tif'), 2);
    const [frame] = await frames(1);
    expect([frame!.name, frame!.completedBy]).toEqual(['a.tif', 'successor']);
  });

  it("when a line of Micro-Manager's metadata names it", async () => {
    const { frames } = await watching({ settleMs: 60_000 });
    const name = 'img_channel000_position000_time000000004_z002.tif';
    writeCoordinateTiff(join(folder, name), 1);
    appendFileSync(join(folder, 'metadata.txt'), `{\n"Coords-Default/${name}": {\n  "Frame": 4`);
    const [frame] = await frames(1);
    expect(frame!.completedBy).toBe('metadata-line');
    expect(frame!.description.index).toEqual({ c: 0, t: 4, z: 2 });
  });

  it('when it was torn and is later finished; others do not wait for it', async () => {
    const { frames } = await watching();
    const whole = coordinateTiff(1);
    writeFileSync(join(folder, 'torn.tif'), whole.subarray(0, 150));
    await sleep(50);
    for (const n of [2, 3, 4]) moveIn(`f${n}.tif`, n);
    expect(await numbers(await frames(3))).toEqual([2, 3, 4]);
    appendFileSync(join(folder, 'torn.tif'), whole.subarray(150));
    expect(await numbers(await frames(1))).toEqual([1]);
  });

  it('never, for a file that stays torn: at the deadline it is handed on to be named corrupt', async () => {
    const { frames } = await watching({ deadlineMs: 300 });
    writeFileSync(join(folder, 'torn.tif'), coordinateTiff(1).subarray(0, 150));
    writeFileSync(join(folder, 'empty.tif'), '');
    moveIn('good.tif', 2);
    const taken = await frames(3);
    expect(taken.map(({ name, completedBy }) => [name, completedBy])).toEqual([
      ['good.tif', 'rename'],
      ['torn.tif', 'deadline'],
      ['empty.tif', 'deadline'],
    ]);
    await expect(numberOfFrame(taken[1]!)).rejects.toThrow('torn.tif');
  });

  it('for each page of a growing stack as it completes', async () => {
    const { frames } = await watching();
    // Each page's directory points to the next before that is there: as a program does that knows where it will write.
    const stack = coordinateTiff(0, 5);
    const pageBytes = (stack.length - 8) / 5;
    const path = join(folder, 'stack_7.tif');
    writeFileSync(path, stack.subarray(0, 8 + pageBytes * 2.5));
    expect(await numbers(await frames(2))).toEqual([0, 1]);
    appendFileSync(path, stack.subarray(8 + pageBytes * 2.5, 8 + pageBytes * 4));
    expect(await numbers(await frames(2))).toEqual([2, 3]);
    await sleep(100);
    appendFileSync(path, stack.subarray(8 + pageBytes * 4));
    const [last] = await frames(1);
    expect(last!.name).toBe('stack_7.tif[4]');
    expect(await numberOfFrame(last!)).toBe(4);
  });
});

describe('folder source: faults', () => {
  it('misses no page that was written while the consumer was busy with those before', async () => {
    const stack = coordinateTiff(0, 6);
    const pageBytes = (stack.length - 8) / 6;
    const path = join(folder, 'stack.tif');
    writeFileSync(path, stack.subarray(0, 8 + pageBytes * 3));
    writeCoordinateTiff(join(folder, 'z.tif'), 9);
    const { frames } = await watching({ existing: 'all' });
    const taken = await frames(1);
    appendFileSync(path, stack.subarray(8 + pageBytes * 3));
    await sleep(100);
    taken.push(...(await frames(6)));
    expect(await numbers(taken)).toEqual([0, 1, 2, 3, 4, 5, 9]);
  });

  it('takes a file once that was removed and made again before it was whole', async () => {
    const { frames } = await watching({ settleMs: 150 });
    writeFileSync(join(folder, 'a.tif'), coordinateTiff(1).subarray(0, 100));
    await sleep(60);
    unlinkSync(join(folder, 'a.tif'));
    await sleep(30);
    writeCoordinateTiff(join(folder, 'a.tif'), 1);
    await sleep(500);
    moveIn('b.tif', 2);
    expect((await frames(2)).map(({ name }) => name)).toEqual(['a.tif', 'b.tif']);
  });

  it('hands on a file that was removed before it could be read, so that it is counted', async () => {
    const { frames } = await watching({ settleMs: 200 });
    writeCoordinateTiff(join(folder, 'a.tif'), 1);
    await sleep(80);
    unlinkSync(join(folder, 'a.tif'));
    const [frame] = await frames(1);
    expect([frame!.name, frame!.completedBy]).toEqual(['a.tif', 'vanished']);
    await expect(numberOfFrame(frame!)).rejects.toThrow('a.tif');
  });

  it('takes a file once that was written under another image name first', async () => {
    const { frames } = await watching({ settleMs: 150 });
    writeCoordinateTiff(join(folder, 'temporary.tif'), 1);
    await sleep(60);
    renameSync(join(folder, 'temporary.tif'), join(folder, 'a.tif'));
    await sleep(600);
    moveIn('b.tif', 2);
    expect((await frames(2)).map(({ name }) => name)).toEqual(['a.tif', 'b.tif']);
  });

  it('takes a name again after it was removed', async () => {
    const { frames } = await watching({ listEveryMs: 50 });
    moveIn('a.tif', 1);
    await frames(1);
    unlinkSync(join(folder, 'a.tif'));
    await sleep(150);
    moveIn('a.tif', 2);
    expect(await numbers(await frames(1))).toEqual([2]);
  });

  it('survives that the folder is removed and made again', async () => {
    const { frames } = await watching({ listEveryMs: 50 });
    moveIn('a.tif', 1);
    await frames(1);
    rmSync(folder, { recursive: true });
    await sleep(200);
    mkdirSync(folder);
    await sleep(200);
    moveIn('a.tif', 2);
    expect(await numbers(await frames(1))).toEqual([2]);
    expect(notes.join()).toContain('waiting for it to come back');
  });

  it('brings nothing twice when the folder goes away and comes back with its files', async () => {
    const { frames } = await watching({ listEveryMs: 50 });
    moveIn('a.tif', 1);
    await frames(1);
    renameSync(folder, join(away, 'elsewhere'));
    await sleep(200);
    mkdirSync(folder); // an unmounted share leaves an empty folder behind
    await sleep(200);
    rmSync(folder, { recursive: true });
    renameSync(join(away, 'elsewhere'), folder);
    await sleep(200);
    moveIn('b.tif', 2);
    expect(await numbers(await frames(1))).toEqual([2]);
  });

  it('takes a file that shrinks and grows again only when it is whole', async () => {
    const { frames } = await watching({ settleMs: 100 });
    const path = join(folder, 'a.tif');
    writeCoordinateTiff(path, 1);
    await sleep(40);
    truncateSync(path, 100);
    await sleep(200);
    writeCoordinateTiff(path, 2);
    expect(await numbers(await frames(1))).toEqual([2]);
  });

  it('finds files by listing alone where no events come', async () => {
    const { frames } = await watching({ polling: true, listEveryMs: 50, settleMs: 100 });
    const stack = coordinateTiff(0, 2);
    writeFileSync(join(folder, basename('stack.tif')), stack.subarray(0, stack.length / 2 + 4));
    expect(await numbers(await frames(1))).toEqual([0]);
    appendFileSync(join(folder, 'stack.tif'), stack.subarray(stack.length / 2 + 4));
    expect(await numbers(await frames(1))).toEqual([1]);
  });
});
