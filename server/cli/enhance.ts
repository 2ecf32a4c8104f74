import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { SingleBar } from 'cli-progress';
import { createEnhancer } from '../../models/enhancer/enhancer.ts';
import type { ProviderName } from '../../models/executionProvider.ts';
import { countPages } from '../../pipeline/decode/registry.ts';
import { ConfigError, messageOf } from '../../pipeline/errors.ts';
import type { Enhancer } from '../../pipeline/ports.ts';
import { createNormaliser } from '../../pipeline/normalise.ts';
import { isImageName, stemOf } from '../../pipeline/source/imageName.ts';
import { naturalOrder } from '../../pipeline/source/naturalOrder.ts';
import {
  ENHANCE_STAGES,
  enhanceFile,
  type EnhancedFile,
  type EnhanceJob,
  type EnhanceStage,
  type EnhanceTimes,
} from './enhanceFile.ts';
import { SHIPPED_ZOO } from './models.ts';

/** `scopestream enhance`: files in, enhanced files out, no server. */

export interface EnhanceOptions {
  /** Folder for the outputs; made when it is not there. */
  readonly out: string;
  /** Id of a model; default `auto`. */
  readonly model?: string;
  /** Folders with more model packages. */
  readonly folders?: readonly string[];
  readonly provider?: ProviderName | 'auto';
  readonly threads?: number;
  /**
   * The files are time points of one acquisition: one normalisation for all, and a model may look back from one to the next.
   * Otherwise that holds for the planes of each file, and files have nothing to do with one another.
   */
  readonly sequence?: boolean;
  readonly json?: boolean;
}

interface Fault {
  readonly file: string;
  readonly problem: string;
}

/**
 * Enhances images and stacks, and all images in folders, each into one TIFF in `out`. Resolves to 0, or to 1 when a file
 * failed: it is named, and the others are done all the same. Throws ConfigError when there is nothing to do, EnhanceError or
 * ProviderError when the model cannot be used.
 */
export async function enhanceCommand(
  files: readonly string[],
  options: EnhanceOptions,
  openEnhancer: (options: EnhanceOptions) => Promise<Enhancer> = openModel,
): Promise<number> {
  const faults: Fault[] = [];
  const jobs = await jobsFor(files, options.out, faults);
  if (jobs.length === 0 && faults.length === 0) throw new ConfigError(`no images in ${files.join(', ')}`);

  const enhancer = await openEnhancer(options);
  const progress = new SingleBar({
    format: '{bar} {value} of {total} planes  {eta_formatted}  {file}',
    stream: process.stderr,
  });
  const times: EnhanceTimes = { decode: [], normalise: [], enhance: [], write: [] };
  const done: (EnhancedFile & Pick<EnhanceJob, 'input' | 'output'>)[] = [];
  const startedMs = performance.now();
  try {
    progress.start(
      jobs.reduce((sum, { pages }) => sum + pages, 0),
      0,
      { file: '' },
    );
    const shared = options.sequence ? normaliserForSequence() : undefined;
    for (const job of jobs) {
      progress.update({ file: basename(job.input) });
      const normalise = shared ?? createNormaliser();
      try {
        const file = await enhanceFile(job, { enhancer, normalise, times, planeDone: () => progress.increment() });
        done.push({ ...file, input: job.input, output: job.output });
      } catch (error) {
        faults.push({ file: job.input, problem: messageOf(error) });
      }
    }
  } finally {
    progress.stop();
    await enhancer.close();
  }

  const { modelId, provider } = enhancer.status;
  const summary = {
    model: modelId,
    provider,
    seconds: (performance.now() - startedMs) / 1000,
    files: done,
    faults,
    times: summaryOf(times),
  };
  process.stdout.write(options.json ? `${JSON.stringify(summary, null, 2)}\n` : asText(summary));
  for (const { file, problem } of faults)
    process.stderr.write(`not enhanced: ${problem.startsWith(file) ? problem : `${file}: ${problem}`}\n`);
  return faults.length === 0 ? 0 : 1;
}

function openModel({
  model = 'auto',
  folders = [],
  provider = 'auto',
  threads = 0,
}: EnhanceOptions): Promise<Enhancer> {
  return createEnhancer({ model, zooFolders: [SHIPPED_ZOO, ...folders], provider, threads, ladder: 'none' });
}

/** What is to be done, in order. Files that cannot be taken are put among the faults. */
async function jobsFor(files: readonly string[], out: string, faults: Fault[]): Promise<EnhanceJob[]> {
  const jobs: EnhanceJob[] = [];
  const inputOf = new Map<string, string>();
  for (const { input, place } of await imagesIn(files, out, faults)) {
    const output = join(out, dirname(place), `${stemOf(basename(place))}.tif`);
    const other = inputOf.get(output);
    try {
      if (other !== undefined) throw new ConfigError(`its output ${output} is that of ${other} already`);
      if (resolve(output) === resolve(input))
        throw new ConfigError('its output would replace it: choose another folder for --out');
      jobs.push({ input, output, pages: await countPages(input) });
      inputOf.set(output, input);
    } catch (error) {
      faults.push({ file: input, problem: messageOf(error) });
    }
  }
  return jobs;
}

/** The images that were named, and those in folders that were named, with their place below `out`. Outputs are no inputs. */
async function imagesIn(
  files: readonly string[],
  out: string,
  faults: Fault[],
): Promise<{ input: string; place: string }[]> {
  const images: { input: string; place: string }[] = [];
  for (const file of files) {
    try {
      if (!(await stat(file)).isDirectory()) {
        images.push({ input: file, place: basename(file) });
        continue;
      }
      const entries = await readdir(file, { withFileTypes: true, recursive: true });
      const found = entries
        .filter((entry) => !entry.isDirectory() && isImageName(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => !(isBelow(out, file) && isBelow(path, out)))
        .sort(naturalOrder);
      images.push(...found.map((path) => ({ input: path, place: relative(file, path) })));
    } catch (error) {
      faults.push({ file, problem: messageOf(error) });
    }
  }
  return images;
}

function isBelow(path: string, folder: string): boolean {
  return resolve(path).startsWith(resolve(folder) + sep);
}

/** One normaliser for all files of one shape; another shape begins a new acquisition. */
function normaliserForSequence(): ReturnType<typeof createNormaliser> {
  let normalise = createNormaliser();
  let shape: string | undefined;
  return (frame) => {
    const { sizeX, sizeY, samplesPerPixel, pixelType } = frame.raw;
    const now = `${sizeX} x ${sizeY} x ${samplesPerPixel} ${pixelType}`;
    if (shape !== undefined && shape !== now) normalise = createNormaliser();
    shape = now;
    return normalise(frame);
  };
}

/** Milliseconds a plane. */
type TimesSummary = Readonly<
  Record<EnhanceStage, { readonly median: number; readonly p95: number; readonly total: number }>
>;

function summaryOf(times: EnhanceTimes): TimesSummary {
  const of = (ms: readonly number[]) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { median: at(0.5), p95: at(0.95), total: ms.reduce((sum, each) => sum + each, 0) };
  };
  return Object.fromEntries(ENHANCE_STAGES.map((stage) => [stage, of(times[stage])])) as TimesSummary;
}

interface Summary {
  readonly provider: string;
  readonly seconds: number;
  readonly files: readonly EnhancedFile[];
  readonly times: TimesSummary;
}

function asText({ provider, seconds, files, times }: Summary): string {
  const planes = files.reduce((sum, file) => sum + file.planes, 0);
  const models = [...new Set(files.map(({ prediction }) => prediction.modelId))].join(' and ');
  const stages = ENHANCE_STAGES.map((stage) => `${stage} ${times[stage].median.toFixed(1)} ms`).join(', ');
  return (
    `${files.length} files with ${planes} planes in ${seconds.toFixed(1)} s, predicted by ${models || 'nothing'} (${provider}).\n` +
    `Median times of a plane: ${stages}.\n`
  );
}
