import { resolve } from 'node:path';
import { parseAssignments } from '../config/assignments.ts';
import { loadConfig } from '../config/load.ts';
import { clock, processor } from '../doctor/computer.ts';
import { ffmpeg } from '../doctor/ffmpeg.ts';
import { asText, type Finding } from '../doctor/finding.ts';
import { chosenModel, providers } from '../doctor/models.ts';
import { ports } from '../doctor/ports.ts';
import { recordings } from '../doctor/recordings.ts';
import { watchedFolder } from '../doctor/watchedFolder.ts';

/** `scopestream doctor`: would a session with these settings run here? Measured now. */
export interface DoctorOptions {
  readonly config?: string;
  readonly source?: string;
  readonly folder?: string;
  readonly model?: string;
  readonly record?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** Resolves to 0 when a session can run as it is, to 1 when something should be done first. */
export async function doctorCommand(options: DoctorOptions): Promise<number> {
  const config = loadConfig({
    file: options.config,
    flags: {
      'source.kind': options.source ?? (options.folder ? 'folder' : undefined),
      'source.folder.path': options.folder,
      'model.id': options.model,
      'record.folder': options.record,
      ...parseAssignments(options.set ?? []),
    },
  });
  const findings: Finding[] = [processor()];
  // One after the other: what is measured has the computer for itself.
  findings.push(...(await providers()));
  findings.push(...(await chosenModel(config)));
  findings.push(...(await recordings(resolve(config.record.folder))));
  findings.push(...(await watchedFolder(config)));
  findings.push(...(await ports(config)));
  findings.push(await clock(), await ffmpeg());

  const isWell = findings.every(({ ok }) => ok);
  process.stdout.write(options.json ? `${JSON.stringify({ ok: isWell, findings }, null, 2)}\n` : asText(findings));
  return isWell ? 0 : 1;
}
