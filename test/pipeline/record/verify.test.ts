import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Enhanced, NormalisedFrame } from '../../../pipeline/frame.ts';
import type { Certificate } from '../../../pipeline/record/certificate.ts';
import { createRecorder } from '../../../pipeline/record/recorder.ts';
import { openSession } from '../../../pipeline/record/review.ts';
import { verifySession, type VerifyOptions, type VerifyReport } from '../../../pipeline/record/verify.ts';
import { acquisition, frame, plane, row, totals } from './frames.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let root: string;
beforeEach(() => {
  root = temporaryFolder('verify');
});

const FRAMES = 6;

async function record(counted = totals({ arrived: FRAMES, recorded: FRAMES, enhanced: FRAMES })): Promise<string> {
  const recording = await createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 4 }).open(acquisition());
  for (let sequence = 0; sequence < FRAMES; sequence++) {
    const one = frame(sequence);
    await recording.writeRaw(one);
    await recording.writeEnhanced(one);
    recording.writeRow(row(one));
  }
  await recording.close(counted);
  return recording.status.path!;
}

async function verify(folder: string, options: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  const session = await openSession(folder);
  const report = await verifySession(session, { sample: Infinity, ...options });
  session.close();
  return report;
}

const failed = ({ checks }: VerifyReport) => checks.filter(({ ok }) => !ok).map(({ name }) => name);

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
}

/** The enhancer of the test frames: its pixels depend on the sequence alone. */
const again = async ({ meta }: NormalisedFrame): Promise<Enhanced> => frame(meta.sequence).enhanced!;

describe('verify', () => {
  it('finds nothing wrong with a session as it was recorded', async () => {
    const report = await verify(await record(), { recompute: again });
    expect(report).toMatchObject({ ok: true, faults: [] });
    expect(report.checks.map(({ name }) => name)).toEqual([
      'chain',
      'totals',
      'certificate',
      'store',
      'planes',
      'enhancement',
    ]);
    expect(report.checks.at(-1)!.detail).toMatch(/6 recomputed from raw: 6 identical/);
  });

  it('gives the enhancer what it had: raw, constants, and the planes before', async () => {
    const seen: NormalisedFrame[] = [];
    await verify(await record(), { recompute: (one) => (seen.push(one), again(one)) });
    expect(seen[5]).toMatchObject({ normalisation: frame(5).normalisation, description: { significantBits: 12 } });
    expect(seen[5]!.history).toEqual([plane(3), plane(4)]);
    expect(seen[0]!.history).toEqual([]);
  });

  it('tells that a row was edited, and which', async () => {
    const folder = await record();
    edit(join(folder, 'frames.jsonl'), (text) => text.replace('"name":"frame-3.tif"', '"name":"frame-9.tif"'));
    const report = await verify(folder);
    expect(failed(report)).toEqual(['chain']);
    expect(report.checks[0]!.detail).toMatch(/frame 3.*altered/);
  });

  it('tells that a row was taken away, or the constants changed', async () => {
    const folder = await record();
    const lines = readFileSync(join(folder, 'frames.jsonl'), 'utf8').split('\n');
    writeFileSync(join(folder, 'frames.jsonl'), lines.filter((_, k) => k !== 3).join('\n'));
    expect(failed(await verify(folder))).toEqual(expect.arrayContaining(['chain', 'totals', 'certificate', 'store']));

    rmSync(folder, { recursive: true });
    await record();
    edit(join(folder, 'session.json'), (text) => text.replace('"physicalSizeX": 0.1', '"physicalSizeX": 0.2'));
    expect(failed(await verify(folder))).toContain('chain');
  });

  it('tells that a pixel was changed, in which frame', async () => {
    const folder = await record();
    const shard = join(folder, 'images.ome.zarr/enhanced/0/c/0/0/0/0/0');
    const bytes = readFileSync(shard);
    bytes[100]! ^= 0x10;
    writeFileSync(shard, bytes);
    const report = await verify(folder);
    expect(failed(report)).toEqual(['planes']);
    expect(report.faults).toMatchObject([{ sequence: 0, name: 'frame-0.tif', problem: /is damaged/ }]);
  });

  it('tells that the certificate was changed', async () => {
    const folder = await record();
    edit(join(folder, 'certificate.json'), (text) => text.replace('"superseded": 0', '"superseded": 1'));
    expect(failed(await verify(folder))).toEqual(['certificate']);
  });

  it('tells that the totals and the ledger disagree', async () => {
    const report = await verify(
      await record(totals({ arrived: FRAMES, recorded: FRAMES, enhanced: 5, superseded: 1 })),
    );
    expect(failed(report)).toEqual(['totals', 'certificate']);
  });

  it('tells which enhanced frames do not come out of raw, and why', async () => {
    const folder = await record();
    const recompute = async (one: NormalisedFrame): Promise<Enhanced> => {
      if (one.meta.sequence === 4) throw new Error('there is no model bicubic');
      const enhanced = await again(one);
      return one.meta.sequence === 2 ? { ...enhanced, plane: plane(2, 32) } : enhanced;
    };
    const report = await verify(folder, { recompute });
    expect(failed(report)).toEqual(['enhancement']);
    expect(report.faults).toMatchObject([
      { sequence: 2, problem: /differs by up to/ },
      { sequence: 4, problem: /there is no model bicubic/ },
    ]);
  });
});

describe('the certificate', () => {
  it('says what became of every frame, for programs and for people', async () => {
    const folder = await record();
    const certificate = JSON.parse(readFileSync(join(folder, 'certificate.json'), 'utf8')) as Certificate;
    expect(certificate).toMatchObject({
      state: 'closed',
      balances: true,
      acquired: 6,
      recorded: 6,
      enhanced: 6,
      account: { ends: { enhanced: { count: 6 } } },
    });
    expect(certificate.methods).toMatch(/6 frames were enhanced during acquisition by bicubic version 1\.0\.0/);
    expect(certificate.checklist).toContainEqual(expect.objectContaining({ item: 'Objective stated', done: false }));
    expect(readFileSync(join(folder, 'certificate.html'), 'utf8')).toMatch(/Every frame is accounted for/);
  });
});
