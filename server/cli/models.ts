import { join } from 'node:path';
import { loadBuiltIn, loadRung } from '../../models/enhancer/rungs.ts';
import { DEFAULT_SETTINGS, type EnhancerSettings } from '../../models/enhancer/settings.ts';
import { providerCandidates, tryProviders, type ProviderName } from '../../models/executionProvider.ts';
import { InferenceClient } from '../../models/inferenceClient.ts';
import { openRegistry, type ModelEntry, type Registry } from '../../models/registry.ts';
import { messageOf } from '../../pipeline/errors.ts';
import { PACKAGE_ROOT } from '../packageRoot.ts';
import { checkModels } from './modelsCheck.ts';

/** `scopestream models`: what can enhance here, on what, and how fast. */

export const SHIPPED_ZOO = join(PACKAGE_ROOT, 'models/zoo');

export interface ModelsOptions {
  /** Folders with more model packages. */
  readonly folders?: readonly string[];
  readonly provider?: ProviderName | 'auto';
  readonly threads?: number;
  /** Instead: run each package's own test on every provider (`modelsCheck.ts`). */
  readonly check?: boolean;
  readonly json?: boolean;
}

interface ModelRow {
  readonly id: string;
  readonly version: string;
  readonly license: string;
  readonly magnification: number;
  /** Of the frames that it takes; absent: of any. */
  readonly samplesPerPixel?: 1 | 3;
  readonly precision: string;
  readonly sizeBytes: number;
  readonly displayOnly: boolean;
  /** Absent when the model does not run here; `problem` says why. */
  readonly provider?: string;
  /** Time of a frame of 256 x 256 pixels, ms. */
  readonly ms?: number;
  readonly problem?: string;
}

/** Resolves to 0, or to 1 when a package is broken or a model does not run here. */
export async function modelsCommand(options: ModelsOptions): Promise<number> {
  const zooFolders = [SHIPPED_ZOO, ...(options.folders ?? [])];
  if (options.check) return checkModels({ zooFolders, provider: options.provider ?? 'auto', json: options.json });
  const registry = await openRegistry(zooFolders);
  const rows = await measure(registry, {
    ...DEFAULT_SETTINGS,
    provider: options.provider ?? 'auto',
    threads: options.threads ?? 0,
  });
  const { broken } = registry;
  process.stdout.write(options.json ? `${JSON.stringify({ models: rows, broken }, null, 2)}\n` : asTable(rows));
  for (const { problem } of broken) process.stderr.write(`left out: ${problem}\n`);
  return broken.length === 0 && rows.every(({ problem }) => problem === undefined) ? 0 : 1;
}

/** One model after the other, each alone on the machine. */
async function measure({ models }: Registry, settings: EnhancerSettings): Promise<ModelRow[]> {
  const rows: ModelRow[] = [];
  for (const model of models) {
    const client = new InferenceClient(settings);
    try {
      const { provider, ms } = await load(client, model, settings);
      rows.push({ ...describe(model), provider, ms });
    } catch (error) {
      rows.push({ ...describe(model), problem: messageOf(error) });
    } finally {
      await client.close();
    }
  }
  return rows;
}

function load(client: InferenceClient, model: ModelEntry, settings: EnhancerSettings) {
  const { method, magnification } = model;
  return method.kind === 'onnx' ? loadRung(client, model, settings) : loadBuiltIn(client, method.kind, magnification);
}

function describe(model: ModelEntry): ModelRow {
  const { id, version, license, magnification, samplesPerPixel, precision, sizeBytes, displayOnly } = model;
  return { id, version, license, magnification, samplesPerPixel, precision, sizeBytes, displayOnly };
}

const TAKES = { 1: 'grey', 3: 'colour' } as const;

function asTable(rows: readonly ModelRow[]): string {
  const header = [
    'model',
    'version',
    'licence',
    'takes',
    'enlarges',
    'precision',
    'size',
    'runs on',
    'time at 256 x 256',
  ];
  const lines = rows.map((row) => [
    row.displayOnly ? `${row.id} (display only)` : row.id,
    row.version,
    row.license,
    row.samplesPerPixel ? TAKES[row.samplesPerPixel] : 'both',
    `x${row.magnification}`,
    row.precision,
    row.sizeBytes > 0 ? `${(row.sizeBytes / 1e6).toFixed(2)} MB` : '-',
    row.provider ?? 'nothing here',
    row.ms === undefined ? row.problem! : `${row.ms.toFixed(1)} ms (${(1000 / row.ms).toFixed(0)}/s)`,
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const asLine = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  return `${[header, ...lines].map(asLine).join('\n')}\n`;
}

/** Providers that run the first shipped model and agree with the CPU, and why each other one does not. */
export async function probeProviders(): Promise<{
  readonly working: readonly string[];
  readonly refusals: Readonly<Record<string, string>>;
}> {
  const { models } = await openRegistry([SHIPPED_ZOO]);
  const model = models.find(({ method, samplesPerPixel }) => method.kind === 'onnx' && samplesPerPixel === 1);
  if (model?.method.kind !== 'onnx') return { working: [], refusals: { cpu: `no model package in ${SHIPPED_ZOO}` } };
  const { manifest } = model.method;
  const working: string[] = [];
  const refusals: Record<string, string> = {};
  const client = new InferenceClient(DEFAULT_SETTINGS);
  const { tileLimit } = DEFAULT_SETTINGS;
  const loadOn = (provider: ProviderName) =>
    client.load(model.id, { kind: 'onnx', manifest, provider, threads: 1, tileLimit });
  try {
    for await (const trial of tryProviders(client, model.id, manifest, loadOn, providerCandidates())) {
      if (trial.refusal === undefined) working.push(trial.provider);
      else refusals[trial.provider] = trial.refusal;
    }
  } finally {
    await client.close();
  }
  return { working, refusals };
}
