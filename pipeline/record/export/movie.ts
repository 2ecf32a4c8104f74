/** Pictures as a movie, through ffmpeg: MP4 (H.264) and WebM (VP9). */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ConfigError, RecordError } from '../../errors.ts';
import type { RgbPicture } from './drawing.ts';

export type MovieFormat = 'mp4' | 'webm';

export interface MovieOptions {
  readonly format: MovieFormat;
  readonly width: number;
  readonly height: number;
  /** frames/s of the movie */
  readonly rate: number;
  /** Name or path of the program; default `ffmpeg`. */
  readonly ffmpeg?: string;
  /** Says in the file itself where its pixels come from. */
  readonly comment: string;
}

/** Near to lossless for the eye; yuv420p is what browsers and presentation programs play, and needs even sides. */
const ENCODERS: Readonly<Record<MovieFormat, readonly string[]>> = {
  mp4: ['-c:v', 'libx264', '-crf', '18', '-preset', 'medium', '-movflags', '+faststart'],
  webm: ['-c:v', 'libvpx-vp9', '-crf', '24', '-b:v', '0', '-row-mt', '1'],
};
const EVEN_SIDES = 'pad=ceil(iw/2)*2:ceil(ih/2)*2';

/**
 * Writes `pictures` to `path`. Throws ConfigError when ffmpeg is not installed, RecordError (with ffmpeg's own last words)
 * when it fails.
 */
export async function writeMovie(
  path: string,
  pictures: AsyncIterable<RgbPicture>,
  { format, width, height, rate, ffmpeg = 'ffmpeg', comment }: MovieOptions,
): Promise<void> {
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', String(rate), '-i', '-'];
  const output = [...ENCODERS[format], '-vf', EVEN_SIDES, '-pix_fmt', 'yuv420p', '-metadata', `comment=${comment}`];
  const program = spawn(ffmpeg, ['-hide_banner', '-loglevel', 'error', '-y', ...input, ...output, path], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  program.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2000)));
  const ended = new Promise<number | null>((resolve, reject) => {
    program.once('error', (error: NodeJS.ErrnoException) => reject(error));
    program.once('close', resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw new RecordError(`${ffmpeg}: ${cause.message}`, { cause });
    const advice = 'install it (https://ffmpeg.org), or export png, which needs nothing';
    throw new ConfigError(`${format} needs ffmpeg, and there is no program ${ffmpeg} here: ${advice}`, { cause });
  });
  // When the program ends early its pipe breaks; its exit status says why.
  program.stdin.on('error', () => {});
  const fed = feed(program.stdin, pictures, ended);
  const [code] = await Promise.all([ended, fed]);
  if (code !== 0) throw new RecordError(`${path}: ffmpeg failed (${code}): ${said.trim()}`);
}

async function feed(
  stdin: NodeJS.WritableStream,
  pictures: AsyncIterable<RgbPicture>,
  ended: Promise<unknown>,
): Promise<void> {
  let isOver = false;
  ended.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  try {
    for await (const { data } of pictures) {
      if (isOver) return;
      if (!stdin.write(data)) await Promise.race([once(stdin, 'drain'), ended]);
    }
  } finally {
    stdin.end();
  }
}
