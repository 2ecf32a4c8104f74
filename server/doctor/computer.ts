import { existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import type { Finding } from './finding.ts';

const CLOCK_STEP_MS = 2;

export function processor(): Finding {
  const flags =
    readIfThere('/proc/cpuinfo')
      .match(/^flags\s*: (.*)$/m)?.[1]
      .split(' ') ?? [];
  const known = ['avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'amx_int8'].filter((flag) => flags.includes(flag));
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const features = flags.length > 0 ? `; ${known.join(' ') || 'no vector extensions that matter'}` : '';
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return {
    what: 'processor',
    ok: true,
    found: `${model}, ${availableParallelism()} cores, ${memory}, ${platform()} ${arch()}, Node ${process.versions.node}${features}`,
  };
}

/** A steady clock does not step against the wall clock while we look. */
export async function clock(): Promise<Finding> {
  const difference = () => Date.now() - (performance.timeOrigin + performance.now());
  const before = difference();
  await new Promise((resolve) => setTimeout(resolve, 250));
  const stepMs = Math.abs(difference() - before);
  const ok = stepMs < CLOCK_STEP_MS;
  return {
    what: 'clock',
    ok,
    found: `stepped ${stepMs.toFixed(2)} ms in 250 ms; ${new Date().toISOString()}`,
    advice: ok ? undefined : 'times of frames would be wrong: let the clock settle (NTP) before a session',
  };
}

/** Text of a file that only some systems have. */
export function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
