import { expect, it } from 'vitest';
import { createEnhancer } from '../../../models/enhancer/enhancer.ts';
import { createRecorder } from '../../../pipeline/record/recorder.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { acquisition, frame, row, totals } from '../../pipeline/record/frames.ts';
import { verify } from '../fixtures/verify.ts';

it('computes the pictures of a Gaussian again with the widths that were recorded', async () => {
  const widths = [undefined, undefined, 0.7, 1.4];
  const root = temporaryFolder('verify-gaussian');
  const recording = await createRecorder({ root, softwareVersion: '0.0.0' }).open(acquisition());
  const enhancer = await createEnhancer({ zooFolders: [], model: 'gaussian', provider: 'cpu' });
  for (const [sequence, gaussianSigma] of widths.entries()) {
    const raw = { ...frame(sequence), gaussianSigma };
    const enhanced = { ...raw, enhanced: await enhancer.enhance(raw) };
    await recording.writeRaw(enhanced);
    await recording.writeEnhanced(enhanced);
    recording.writeRow(row(enhanced));
  }
  await enhancer.close();
  const all = widths.length;
  await recording.close(totals({ arrived: all, recorded: all, enhanced: all }));

  const { code, report } = await verify(recording.status.path!);
  expect(report).toMatchObject({ ok: true, faults: [] });
  expect(JSON.stringify(report)).toContain(`${all} recomputed from raw: ${all} identical`);
  expect(code).toBe(0);
});
