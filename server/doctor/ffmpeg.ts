import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Finding } from './finding.ts';

/** Movies need it; nothing else does. */
export async function ffmpeg(program = 'ffmpeg'): Promise<Finding> {
  const what = 'ffmpeg';
  try {
    const { stdout } = await promisify(execFile)(program, ['-hide_banner', '-version']);
    return { what, ok: true, found: stdout.split('\n', 1)[0] as string };
  } catch {
    const advice = 'only exports of movies (mp4, webm) need it: https://ffmpeg.org';
    return { what, ok: true, found: 'not installed', advice };
  }
}
