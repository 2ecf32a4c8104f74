import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CONVENTION_IDS, CONVENTIONS, type ConventionId, type Score } from '../../../models/evaluate/conventions.ts';
import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';
import { CAMERA, expected, exposed, filaments, seeded } from '../../pipeline/assess/scene.ts';
import { python } from '../../fixtures/python.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const size = 96;
const scene = filaments(size, 1.5, 9);
const truth = expected(scene, CAMERA);
const prediction = gaussianBlur(exposed(scene, CAMERA, seeded(9)), 1);

/** What scikit-image 0.26 gave for these two pictures: holds where there is no Python. */
const STORED: Record<ConventionId, Score> = {
  range: { psnr: 25.347527525662347, ssim: 0.8485772519756164 },
  'si-psnr': { psnr: 25.415786887088156 },
  'basicsr-u8': { psnr: 25.417272671842458, ssim: 0.8415564913820152 },
  biosr: { psnr: 18.153121745901224, ssim: 0.7419148769430115 },
  'care-pssr': { psnr: 24.37888405167721, ssim: 0.8246563098345119 },
  'care-3-998': { psnr: 23.909329159569694, ssim: 0.7883236274053157 },
};

function expectSame(ours: Score, golden: Score): void {
  expect(ours.psnr).toBeCloseTo(golden.psnr, 3);
  if (golden.ssim === undefined) expect(ours.ssim).toBeUndefined();
  else expect(ours.ssim).toBeCloseTo(golden.ssim, 4);
}

describe('conventions', () => {
  it.each(CONVENTION_IDS)('%s agrees with the stored values', (id) =>
    expectSame(CONVENTIONS[id](prediction, truth), STORED[id]),
  );

  it('differ by decibels for one and the same prediction', () => {
    const values = CONVENTION_IDS.map((id) => CONVENTIONS[id](prediction, truth).psnr);
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(1);
  });

  it('see an error of brightness, or do not', () => {
    const dimmed = { ...prediction, data: prediction.data.map((value) => 0.8 * value + 5) };
    const change = (id: ConventionId): number =>
      CONVENTIONS[id](prediction, truth).psnr - CONVENTIONS[id](dimmed, truth).psnr;
    for (const id of ['range', 'basicsr-u8'] as const) expect(change(id)).toBeGreaterThan(0.5);
    for (const id of ['si-psnr', 'biosr', 'care-pssr', 'care-3-998'] as const) expect(change(id)).toBeCloseTo(0, 2);
  });

  it('are perfect for the truth', () => {
    for (const id of CONVENTION_IDS) {
      const score = CONVENTIONS[id](truth, truth) as Score;
      expect(score.psnr).toBeGreaterThan(90);
      if (score.ssim !== undefined) expect(score.ssim).toBeCloseTo(1, 6);
    }
  });
});

describe.skipIf(!python)('conventions against scikit-image', () => {
  let golden: Record<ConventionId, Score>;
  const folder = temporaryFolder('conventions');
  beforeAll(() => {
    const paths = [prediction, truth].map(({ data }, i) => {
      const path = join(folder, `${i}.f32`);
      writeFileSync(path, new Uint8Array(data.buffer));
      return path;
    });
    const script = join(import.meta.dirname, 'golden.py');
    golden = JSON.parse(execFileSync(python ?? '', [script, ...paths, `${size}`], { encoding: 'utf8' }));
  }, 120_000);

  it.each(CONVENTION_IDS)('%s', (id) => expectSame(CONVENTIONS[id](prediction, truth), golden[id]));
});
