/** `scopestream doctor`: what this computer can do for a session, measured now. */

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { probeProviders } from './models.ts';
import { loadConfig } from '../config/load.ts';
import { messageOf } from '../../pipeline/errors.ts';

export interface DoctorOptions {
  readonly record: string;
  readonly json?: boolean;
}

/** One finding. `advice` is there when something should be done. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly advice?: string;
}

/** Raw 512x512 uint16 with its enhanced 1024x1024 at 30 frames/s, the most that the video-rate models are meant for. */
const NEEDED_BYTES_PER_SECOND = (512 * 512 + 1024 * 1024) * 2 * 30;
const FEW_WATCHES = 8192;
const CLOCK_STEP_MS = 2;

/** Resolves to 0 when a session can run as it is, to 1 when something should be done first. */
export async function doctorCommand(options: DoctorOptions): Promise<number> {
  const findings = (
    await Promise.all([processor(), providers(), disk(options.record), watches(), clock(), port()])
  ).flat();
  const isWell = findings.every(({ ok }) => ok);
  process.stdout.write(options.json ? `${JSON.stringify({ ok: isWell, findings }, null, 2)}\n` : asText(findings));
  return isWell ? 0 : 1;
}

function asText(findings: readonly Finding[]): string {
  const lines = findings.map(({ what, ok, found, advice }) => {
    const line = `${ok ? 'ok   ' : 'LOOK '} ${what.padEnd(18)} ${found}`;
    return advice ? `${line}\n${' '.repeat(25)}${advice}` : line;
  });
  return `${lines.join('\n')}\n`;
}

async function processor(): Promise<Finding> {
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

async function providers(): Promise<Finding[]> {
  const { working, refusals } = await probeProviders();
  return [
    {
      what: 'providers',
      ok: working.length > 0,
      found: working.join(', ') || 'none',
      advice: working.length > 0 ? undefined : 'onnxruntime does not run here: reinstall with npm ci',
    },
    ...Object.entries(refusals).map(([provider, why]) => ({
      what: `  ${provider}`,
      ok: true,
      found: `not used: ${why}`,
    })),
  ];
}

/** Writes 128 MB to the recording disk and forces them out. */
async function disk(folder: string): Promise<Finding> {
  const path = join(folder, `.scopestream-doctor-${process.pid}`);
  const block = Buffer.alloc(4 * 2 ** 20, 7);
  const blocks = 32;
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(path, 'wx');
    const startedMs = performance.now();
    try {
      for (let count = 0; count < blocks; count++) await file.write(block);
      await file.datasync();
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
    const perSecond = (blocks * block.length) / ((performance.now() - startedMs) / 1000);
    const { bavail, bsize } = await statfs(folder);
    const ok = perSecond >= NEEDED_BYTES_PER_SECOND;
    return {
      what: 'recording disk',
      ok,
      found: `${(perSecond / 1e6).toFixed(0)} MB/s, ${((bavail * bsize) / 1e9).toFixed(0)} GB free (${folder})`,
      advice: ok
        ? undefined
        : `512x512 enhanced at 30 frames/s, uncompressed, takes ${NEEDED_BYTES_PER_SECOND / 1e6} MB/s`,
    };
  } catch (error) {
    return {
      what: 'recording disk',
      ok: false,
      found: messageOf(error),
      advice: `choose a folder that can be written: ${folder}`,
    };
  }
}

async function watches(): Promise<Finding> {
  const limit = Number(readIfThere('/proc/sys/fs/inotify/max_user_watches'));
  if (!limit) return { what: 'folder watching', ok: true, found: 'no limit known on this system' };
  const ok = limit >= FEW_WATCHES;
  return {
    what: 'folder watching',
    ok,
    found: `${limit} watches`,
    advice: ok ? undefined : `raise it: sysctl fs.inotify.max_user_watches=${FEW_WATCHES * 8}`,
  };
}

/** A steady clock does not step against the wall clock while we look. */
async function clock(): Promise<Finding> {
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

async function port(): Promise<Finding> {
  const config = loadConfig();
  const problem = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(config.port, config.host, () => server.close(() => resolve(undefined)));
  });
  return {
    what: 'viewer port',
    ok: problem === undefined,
    found: problem ?? `${config.host}:${config.port} is free`,
    advice: problem && 'stop the other program or choose --port',
  };
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
