import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts code of ours in another thread or process. Built code is plain JavaScript; from source (tests, `npm run dev`) the
 * entry is TypeScript and needs tsx's loader, which on Node 20 does not reach a worker thread through `--import`.
 */

/** `./recordThread`, seen from `import.meta.url`: the sibling with the same extension as the caller. */
export function siblingModule(importMetaUrl: string, name: string): URL {
  const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`${name}${extension}`, importMetaUrl);
}

/** A worker thread: fast hand-over, but a native crash in it takes the process down. */
export function startThread(entry: URL, options: WorkerOptions = {}): Worker {
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, options);
  const bootstrap = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(bootstrap, { ...options, eval: true });
}

/** A child process: can be killed in the middle of a native call while the parent lives on. */
export function startProcess(entry: URL, args: readonly string[] = [], options: ForkOptions = {}): ChildProcess {
  const loader = entry.pathname.endsWith('.ts') ? ['--import', 'tsx'] : [];
  return fork(entry, args, { ...options, execArgv: [...(options.execArgv ?? []), ...loader] });
}
