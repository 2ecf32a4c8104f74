import { stat, readdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { messageOf, SourceError } from '../errors.ts';
import type { ArrivedFrame, PlaneDescription, SourceEvent } from '../frame.ts';
import type { SessionReader, Source } from '../ports.ts';
import { FrameClock } from './frameClock.ts';
import { isImageName } from './imageName.ts';
import { describeByName } from './nameGrammar.ts';
import { naturalOrder } from './naturalOrder.ts';
import { singleUse } from './singleUse.ts';

export interface ReplaySourceOptions {
  /** An image file or stack, a folder of images (with its sub-folders), or a recorded session; several are played in turn. */
  readonly path: string | readonly string[];
  /** Frames/s, or as fast as they are taken. */
  readonly rate: number | 'fast';
  /** Begins again after the last frame, with time points that go on. Default false. */
  readonly loop?: boolean;
  readonly countPages: (path: string) => Promise<number>;
  /** Opens a recorded session; undefined when there is none at the path. */
  readonly openSession?: (path: string) => Promise<SessionReader | undefined>;
}

/** A frame before it has a time of arrival. */
type RecordedFrame = Omit<ArrivedFrame, 'type' | 'arrivedMs' | 'completedBy'>;

/**
 * Plays what was recorded as if it came from the microscope now: images in natural order of their names, stacks page by page,
 * recorded sessions in the order of their frames. A frame that cannot be read is handed on all the same, and decoding names it.
 */
export function createReplaySource(options: ReplaySourceOptions): Source {
  const paths = [options.path].flat().map((path) => resolve(path));
  if (options.rate !== 'fast' && !(options.rate > 0)) {
    throw new SourceError(`replay rate ${options.rate} must be above 0 frames/s, or "fast"`);
  }
  return singleUse('replay', paths.join(', '), (signal) => play(paths, options, signal));
}

async function* play(
  paths: readonly string[],
  options: ReplaySourceOptions,
  signal: AbortSignal,
): AsyncGenerator<SourceEvent> {
  const clock = new FrameClock(options.rate);
  let timeOffset = 0;
  do {
    let frames = 0;
    let lastTime = timeOffset - 1;
    for (const path of paths) {
      for await (const frame of recordedFrames(path, options)) {
        await clock.nextTick(signal);
        if (signal.aborted) return;
        const description = shiftTime(frame.description, timeOffset);
        lastTime = Math.max(lastTime, description.index?.t ?? lastTime);
        frames += 1;
        yield { ...frame, description, type: 'frame', arrivedMs: Date.now(), completedBy: 'replay' };
      }
    }
    if (frames === 0) throw new SourceError(`nothing to replay in ${paths.join(', ')}: no images`);
    timeOffset = lastTime + 1;
  } while (options.loop && !signal.aborted);
}

/** Time points of a second round continue those of the first. */
function shiftTime(description: PlaneDescription, offset: number): PlaneDescription {
  const { index } = description;
  return offset > 0 && index?.t !== undefined
    ? { ...description, index: { ...index, t: index.t + offset } }
    : description;
}

async function* recordedFrames(path: string, options: ReplaySourceOptions): AsyncGenerator<RecordedFrame> {
  const found = await stat(path).catch((error: unknown) => {
    throw new SourceError(`cannot replay ${path}: ${messageOf(error)}`, { cause: error });
  });
  const session = await options.openSession?.(path);
  if (session) {
    yield* sessionFrames(session);
  } else if (found.isDirectory()) {
    for (const file of await imagesIn(path)) yield* filePages(file, relative(path, file), options);
  } else {
    yield* filePages(path, basename(path), options);
  }
}

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory() && isImageName(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort(naturalOrder);
}

async function* filePages(
  path: string,
  name: string,
  { countPages }: ReplaySourceOptions,
): AsyncGenerator<RecordedFrame> {
  const pages = await countPages(path).catch(() => 1);
  for (let page = 0; page < pages; page += 1) {
    yield {
      name: page === 0 ? name : `${name}[${page}]`,
      payload: { kind: 'file', path, page },
      description: pages > 1 ? {} : describeByName(basename(path)),
    };
  }
}

async function* sessionFrames(session: SessionReader): AsyncGenerator<RecordedFrame> {
  const { acquisition } = session;
  const constant: PlaneDescription = {
    acquisitionName: acquisition.name,
    significantBits: acquisition.significantBits,
    physicalSizeX: acquisition.physicalSizeX,
    physicalSizeY: acquisition.physicalSizeY,
    physicalSizeZ: acquisition.physicalSizeZ,
    timeIncrement: acquisition.timeIncrement,
    lensNA: acquisition.lensNA,
    channelNames: acquisition.channels.map(({ name }) => name),
    statedMetadata: acquisition.statedMetadata,
  };
  for await (const { index, plane, row } of session.frames()) {
    const channel = acquisition.channels[index.c];
    yield {
      name: row?.name ?? `${acquisition.id} t${index.t} c${index.c} z${index.z}`,
      payload: { kind: 'plane', plane },
      description: {
        ...constant,
        index,
        channelName: channel?.name,
        emissionWavelength: channel?.emissionWavelength,
        deltaT: row?.meta?.deltaT,
        exposureTime: row?.meta?.exposureTime,
        position: row?.meta?.position,
      },
    };
  }
}
