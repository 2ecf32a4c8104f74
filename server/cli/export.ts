import cliProgress from 'cli-progress';
import { ConfigError } from '../../pipeline/errors.ts';
import { EXPORT_FORMATS, exportSession, type ExportFormat } from '../../pipeline/record/export/exportSession.ts';
import { openSession } from '../../pipeline/record/review.ts';

/** `scopestream export`: a session in a form that other programs read. */

export interface ExportCommandOptions {
  /** ome-tiff, tiff, mp4, webm, csv or png. */
  readonly format: string;
  /** raw, enhanced or both; default raw. */
  readonly what?: string;
  /** `100..200`: frames by sequence, the end not included; either may be left out. */
  readonly range?: string;
  readonly every?: number;
  /** Folder for the files; default the current one. */
  readonly out?: string;
  /** frames/s of a movie */
  readonly rate?: number;
  /** `120..900`: raw intensities shown as black and white. */
  readonly window?: string;
  readonly ffmpeg?: string;
}

/** Resolves to 0. Throws SessionError or ConfigError for what cannot be exported as asked. */
export async function exportCommand(path: string, options: ExportCommandOptions): Promise<number> {
  const format = oneOf(options.format, EXPORT_FORMATS, '--format') as ExportFormat;
  const what = oneOf(options.what ?? 'raw', ['raw', 'enhanced', 'both'] as const, '--what');
  const [from, to] = pairOf(options.range, '--range');
  const window = pairOf(options.window, '--window');
  const { every = 1, rate, ffmpeg, out = '.' } = options;
  if (!Number.isInteger(every) || every < 1) throw new ConfigError(`--every ${every} must be a whole number from 1`);

  const session = await openSession(path);
  const bar = new cliProgress.SingleBar(
    { format: '{bar} {percentage} % | {value}/{total} | {eta_formatted}', stream: process.stderr, hideCursor: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(session.frameCount, 0);
  try {
    const files = await exportSession(session, {
      ...{ format, what, from, to, every, rate, ffmpeg, out },
      ...(window[0] !== undefined && window[1] !== undefined && { window: [window[0], window[1]] as const }),
      onProgress: (done, of) => {
        bar.setTotal(of);
        bar.update(done);
      },
    });
    bar.stop();
    process.stdout.write(`${files.length > 12 ? `${files.length} files in ${out}` : files.join('\n')}\n`);
    return 0;
  } finally {
    bar.stop();
    session.close();
  }
}

function oneOf<T extends string>(value: string, values: readonly T[], option: string): T {
  const found = values.find((each) => each === value);
  if (found === undefined) throw new ConfigError(`${option} ${value}: must be one of ${values.join(', ')}`);
  return found;
}

/** `10..20`, `10..` and `..20`. */
function pairOf(text: string | undefined, option: string): [number | undefined, number | undefined] {
  if (text === undefined) return [undefined, undefined];
  const [, first, last] = /^(\d*\.?\d*)\.\.(\d*\.?\d*)$/.exec(text) ?? [];
  if (first === undefined || last === undefined) throw new ConfigError(`${option} ${text}: must be FIRST..LAST`);
  return [first === '' ? undefined : Number(first), last === '' ? undefined : Number(last)];
}
