import { once } from 'node:events';
import { balances, type LedgerTotals } from '../../pipeline/ledger.ts';
import { createService, type Service } from '../app.ts';
import { parseAssignments } from '../config/assignments.ts';
import { loadConfig } from '../config/load.ts';

export interface ServiceOptions {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly model?: string;
  readonly policy?: string;
  /** True: by the frames; false: none; else the id of a package. */
  readonly cells?: boolean | string;
  readonly record?: string;
  readonly set?: readonly string[];
}

export interface ServeOptions extends ServiceOptions {
  readonly source?: string;
  readonly folder?: string;
}

export interface DemoOptions extends ServiceOptions {
  readonly scene?: string;
}

/** Serves until a signal ends it, also after the source has ended: resolves to the exit code. */
export function serveCommand(options: ServeOptions): Promise<number> {
  return run(options, {
    'source.kind': options.source ?? (options.folder ? 'folder' : undefined),
    'source.folder.path': options.folder,
  });
}

export function demoCommand(options: DemoOptions): Promise<number> {
  // A smear is there to be searched, unless that is refused.
  const cells = options.cells ?? (options.scene === 'smear' ? true : undefined);
  return run({ ...options, cells }, { 'source.kind': 'simulator', 'source.simulator.preset': options.scene });
}

export interface ReplayOptions extends ServiceOptions {
  readonly rate?: number;
  readonly loop?: boolean;
}

export function replayCommand(path: string, options: ReplayOptions): Promise<number> {
  return run(options, {
    'source.kind': 'replay',
    'source.replay.path': path,
    'source.replay.rate': options.rate,
    'source.replay.loop': options.loop,
  });
}

async function run(options: ServiceOptions, flags: Record<string, unknown>): Promise<number> {
  const config = loadConfig({
    file: options.config,
    flags: {
      ...flags,
      host: options.host,
      port: options.port,
      'model.id': options.model,
      'cells.enabled': options.cells === undefined ? undefined : options.cells !== false,
      'cells.model': typeof options.cells === 'string' ? options.cells : undefined,
      policy: options.policy,
      'record.folder': options.record,
      'record.enabled': options.record === undefined ? undefined : true,
      ...parseAssignments(options.set ?? []),
    },
  });
  const service = await createService(config);
  process.stdout.write(greeting(service));

  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.stdout.write('\nstopping: finishing the frames on their way ...\n');
  await service.close();
  process.stdout.write(account(service.totals));
  return balances(service.totals) ? 0 : 1;
}

function greeting(service: Service): string {
  const { enhancer, policy, source } = service.state;
  const refused = Object.entries(enhancer.refusals).map(([provider, why]) => `\n              (${provider}: ${why})`);
  return `Scopestream is live
  viewer      ${service.url}
  source      ${source.kind}: ${source.name}
  model       ${enhancer.modelId} ${enhancer.modelVersion}
  provider    ${enhancer.provider}${refused.join('')}
  policy      ${policy}
  metrics     ${service.url}metrics
Ctrl-C stops it.
`;
}

function account(totals: LedgerTotals): string {
  const { recorded, enhanced, unenhanced, superseded, corrupt, unrecorded, carried, missing } = totals;
  const arrived = totals.arrived - carried; // What one session handed on to the next has arrived in both.
  return `ledger      ${arrived} frames arrived: ${enhanced} enhanced, ${superseded} superseded, ${unenhanced} without enhancement, ${corrupt} corrupt, ${unrecorded} not kept; ${recorded} recorded; ${missing} never arrived
            ${balances(totals) ? 'the account balances' : 'THE ACCOUNT DOES NOT BALANCE'}
`;
}
