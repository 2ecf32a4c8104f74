import { basename } from 'node:path';
import { DEFAULT_SETTINGS } from '../../models/enhancer/settings.ts';
import { providerCandidates, shortened, TOLERANCE, type ProviderName } from '../../models/executionProvider.ts';
import { findPackages } from '../../models/packageFolder.ts';
import { ParityClient, type Parity } from '../../models/parity.ts';
import { messageOf } from '../../pipeline/errors.ts';
import { progress } from './progress.ts';

/**
 * `scopestream models --check`: every package's own test on every execution provider. The CPU must give what the package
 * stores, any other provider what the CPU gives; a provider that is not here is named with the reason, and is no error.
 */

interface Check {
  readonly model: string;
  readonly provider: ProviderName;
  /** Absent when it did not run; `problem` says why. */
  readonly outputs?: readonly Parity[];
  readonly problem?: string;
  readonly ok: boolean;
}

export interface CheckOptions {
  readonly zooFolders: readonly string[];
  /** Only this one beside the CPU; `auto`: all that onnxruntime may have on this platform. */
  readonly provider: ProviderName | 'auto';
  readonly json?: boolean;
}

/** Resolves to 0, or to 1 when a package does not run on the CPU or an output differs. */
export async function checkModels({ zooFolders, provider, json }: CheckOptions): Promise<number> {
  const folders = (await Promise.all(zooFolders.map(findPackages))).flat();
  const providers = provider === 'auto' ? providerCandidates() : [provider];
  const others = providers.filter((candidate) => candidate !== 'cpu');
  const checks: Check[] = [];
  const client = new ParityClient({ loadTimeoutMs: DEFAULT_SETTINGS.loadTimeoutMs });
  try {
    for (const on of ['cpu' as const, ...others]) {
      for (const folder of folders) {
        progress(`${basename(folder)} on ${on}`);
        checks.push(await check(client, folder, on));
      }
    }
  } finally {
    await client.close();
  }
  const isWell = checks.every(({ ok }) => ok);
  process.stdout.write(json ? `${JSON.stringify({ ok: isWell, checks }, null, 2)}\n` : asText(checks));
  return isWell ? 0 : 1;
}

async function check(client: ParityClient, folder: string, provider: ProviderName): Promise<Check> {
  const model = basename(folder);
  try {
    const outputs = await client.check({ folder, provider });
    return { model, provider, outputs, ok: outputs.every(({ relative }) => relative <= TOLERANCE) };
  } catch (error) {
    // What the CPU cannot run is broken; what another provider cannot run, or a provider that is absent, is left out.
    return { model, provider, problem: shortened(messageOf(error)), ok: provider !== 'cpu' };
  }
}

function asText(checks: readonly Check[]): string {
  const lines = [
    `Each package's own test; cpu against what the package stores, other providers against the cpu.`,
    `Allowed: ${percent(TOLERANCE)} of the signal (root mean square of the difference over standard deviation).`,
    '',
  ];
  for (const provider of new Set(checks.map((each) => each.provider))) {
    const own = checks.filter((each) => each.provider === provider);
    const problems = new Set(own.map(({ problem }) => problem));
    if (problems.size === 1 && own[0].problem !== undefined) {
      lines.push(`${provider}: skipped, nothing runs on it here: ${own[0].problem}`);
      continue;
    }
    lines.push(`${provider}:`);
    for (const { model, outputs, problem, ok } of own) {
      const verdict = problem !== undefined && ok ? 'skipped' : ok ? 'agrees' : 'DIFFERS';
      lines.push(`  ${model.padEnd(24)}${verdict.padEnd(9)}${problem ?? outputs!.map(describe).join('; ')}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function describe({ output, relative, worst }: Parity): string {
  return `${output} ${percent(relative)} (largest ${percent(worst)} of the range)`;
}

function percent(share: number): string {
  return share === 0 ? '0 %' : `${(100 * share).toPrecision(2)} %`;
}
