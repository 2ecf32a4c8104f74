import cliProgress from 'cli-progress';
import { createEnhancer, type LadderEnhancer } from '../../models/enhancer/enhancer.ts';
import { SessionError } from '../../pipeline/errors.ts';
import type { Enhanced, NormalisedFrame } from '../../pipeline/frame.ts';
import { openSession } from '../../pipeline/record/review.ts';
import type { StoredRow } from '../../pipeline/record/rows.ts';
import { verifySession, type VerifyReport } from '../../pipeline/record/verify.ts';
import { SHIPPED_ZOO } from './models.ts';

/** `scopestream verify`: does a session hold what it says, and do its enhanced frames come out of raw again? */

export interface VerifyOptions {
  /** Recompute every enhanced frame, not only a sample. */
  readonly all?: boolean;
  /** Enhanced frames to recompute; default 10, 0 for none. */
  readonly sample?: number;
  /** Folders with more model packages. */
  readonly folders?: readonly string[];
  readonly json?: boolean;
}

const DEFAULT_SAMPLE = 10;
const FAULTS_SHOWN = 20;

/** Resolves to 0 when everything holds, to 1 when something does not. Throws SessionError when there is no session. */
export async function verifyCommand(path: string, options: VerifyOptions): Promise<number> {
  const session = await openSession(path);
  const sample = options.all ? Infinity : (options.sample ?? DEFAULT_SAMPLE);
  const models = new RecordedModels([SHIPPED_ZOO, ...(options.folders ?? [])]);
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {percentage} % | {value}/{total} frames',
      stream: process.stderr,
      noTTYOutput: false,
      hideCursor: true,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(session.frameCount, 0);
  try {
    const report = await verifySession(session, {
      sample,
      ...(sample > 0 && { recompute: (...recorded) => models.enhance(...recorded) }),
      onProgress: (done, of) => {
        bar.setTotal(of);
        bar.update(done);
      },
    });
    bar.stop();
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
    return report.ok ? 0 : 1;
  } finally {
    bar.stop();
    await models.close();
    session.close();
  }
}

function asText({ ok, session, checks, faults }: VerifyReport): string {
  const checked = checks.map((check) => `${check.ok ? 'ok   ' : 'FAULT'} ${check.name.padEnd(12)} ${check.detail}`);
  const faulty = faults
    .slice(0, FAULTS_SHOWN)
    .map(({ sequence, name, problem }) => `      frame ${sequence} ${name}: ${problem}`);
  const more = faults.length > FAULTS_SHOWN ? [`      and ${faults.length - FAULTS_SHOWN} more`] : [];
  const verdict = ok ? `${session} holds what it says` : `${session} DOES NOT HOLD WHAT IT SAYS`;
  return `${[...checked, ...faulty, ...more, verdict].join('\n')}\n`;
}

/** The models that a session's rows name, each loaded when it is first asked for. */
class RecordedModels {
  readonly #zooFolders: readonly string[];
  readonly #loaded = new Map<string, Promise<LadderEnhancer>>();

  constructor(zooFolders: readonly string[]) {
    this.#zooFolders = zooFolders;
  }

  /** Throws SessionError when the model here is not the one that was recorded. */
  async enhance(frame: NormalisedFrame, { prediction }: StoredRow, magnification: number): Promise<Enhanced> {
    if (!prediction) throw new SessionError('its row names no model');
    const { modelId, modelVersion, modelSha256 } = prediction;
    const enhancer = await this.#load(modelId, magnification);
    const enhanced = await enhancer.enhance({ ...frame, gaussianSigma: prediction.gaussianSigma });
    const found = enhanced.prediction;
    if (found.modelSha256 !== modelSha256) {
      throw new SessionError(
        `it was made by ${modelId} ${modelVersion} (${modelSha256.slice(0, 12)}), and here is version ${found.modelVersion} (${found.modelSha256.slice(0, 12)})`,
      );
    }
    return enhanced;
  }

  async close(): Promise<void> {
    const loaded = await Promise.allSettled(this.#loaded.values());
    await Promise.all(loaded.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)));
  }

  /** `magnification`: of a classical method, which enlarges as the model did whose place it took. */
  #load(model: string, magnification: number): Promise<LadderEnhancer> {
    const key = `${model} x${magnification}`;
    const known = this.#loaded.get(key);
    if (known) return known;
    const zooFolders = this.#zooFolders;
    const loading = createEnhancer({ zooFolders, model, magnification, ladder: 'none', provider: 'cpu' });
    this.#loaded.set(key, loading);
    return loading;
  }
}
